import base, { SEARCHES } from './jest.config.mjs';

/** What `npm test` leaves out for the sake of its time: run by `.ci/run` all the same. */
export default {
  ...base,
  testPathIgnorePatterns: ['/node_modules/'],
  testMatch: SEARCHES.map((place) => (place.endsWith('/') ? `${place}**/*.test.ts` : place)),
};
