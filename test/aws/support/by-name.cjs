const { default: Sequencer } = require('@jest/test-sequencer');

/** Runs the test files in the order of their paths, so that the serial tests build on a known history. */
module.exports = class ByName extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
};
