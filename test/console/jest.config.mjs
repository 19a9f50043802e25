import base from '../../jest.config.mjs';

/** The pages in a real browser: npm run test:console. */
export default {
  ...base,
  rootDir: '../..',
  testPathIgnorePatterns: ['/node_modules/'],
  testMatch: ['<rootDir>/test/console/**/*.test.ts'],
};
