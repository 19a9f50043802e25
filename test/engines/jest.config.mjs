import base from '../../jest.config.mjs';

/** The tests that need other engines: one engine after the other, since each takes two cores and two gigabytes. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/engines/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/test/aws/support/by-name.cjs',
  testTimeout: 300_000,
  maxWorkers: 1,
};
