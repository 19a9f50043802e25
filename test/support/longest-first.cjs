const { default: Sequencer } = require('@jest/test-sequencer');

/** Small files with much work. In a fresh clone Jest knows no times and begins with the largest files: these would come last, one worker idle. */
const LONG = ['golden.test.ts', 'cli/backfill.test.ts', 'cli/rollback.test.ts', 'cli/run.test.ts'];

/** Runs the longest test files first. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const found = LONG.findIndex((name) => path.endsWith(`/test/${name}`));
      return found === -1 ? LONG.length : found;
    };
    return [...super.sort(tests)].sort((a, b) => place(a) - place(b));
  }
};
