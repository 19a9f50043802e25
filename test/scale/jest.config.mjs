import base from '../../jest.config.mjs';

/** The tests that ask a Trino: one file after the other, since they share it. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/scale/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/test/aws/support/by-name.cjs',
  testTimeout: 600_000,
  maxWorkers: 1,
};
