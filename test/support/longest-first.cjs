const { default: Sequencer } = require('@jest/test-sequencer');

/** The longest of both `npm test` and the searches. In a fresh clone Jest knows no times and begins with the largest files: of these many are small, and would come last, one worker idle. */
const LONG = [
  'golden.test.ts',
  'crash/crash.test.ts',
  'drill/drill.test.ts',
  'crash/let-go.test.ts',
  'tending/tend.test.ts',
  'fuzz/fuzz.test.ts',
  'properties/arrival.test.ts',
  'stages/hostile-files.test.ts',
  'cli/maintenance.test.ts',
  'properties/examples.test.ts',
  'stages/deployment.test.ts',
  'stream/enforcer/enforcer.test.ts',
];

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
