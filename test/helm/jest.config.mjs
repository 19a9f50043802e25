import base from '../../jest.config.mjs';

/** The tests of the Helm chart. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/helm/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
