import base from '../../jest.config.mjs';

/** The tests that need the deployed platform: one after the other, in the order of their numbers. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/aws/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/test/aws/support/by-name.cjs',
  testTimeout: 300_000,
  maxWorkers: 1,
  // Clients keep their connections for a while.
  forceExit: true,
};
