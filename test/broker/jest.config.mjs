import base from '../../jest.config.mjs';

/** The stream against a real broker: npm run test:stream. One file after the other, since they share and restart it. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/broker/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // More than whatever is waited for: what is out of time says what it waited for.
  testTimeout: 300_000,
  maxWorkers: 1,
  // A test that fails may leave a consumer behind, which waits for ever.
  forceExit: true,
};
