import base from '../../jest.config.mjs';

/** The tests that need a schema registry. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/registry/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
