import base from '../../jest.config.mjs';

/** What an npm package is for: installed into an empty folder, by npm, from the registry. Two minutes. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/package/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 600_000,
  maxWorkers: 1,
};
