/** Long searches by chance, deaths at every step, what measures, and the longest of the others: npm run test:searches. */
export const SEARCHES = [
  '<rootDir>/test/adapters/object-store-schedules.test.ts',
  '<rootDir>/test/bench/',
  '<rootDir>/test/cli/after-migration.test.ts',
  '<rootDir>/test/cli/arrival.test.ts',
  '<rootDir>/test/cli/closed-months-life.test.ts',
  '<rootDir>/test/cli/maintenance.test.ts',
  '<rootDir>/test/cli/modes.test.ts',
  '<rootDir>/test/cli/names.test.ts',
  '<rootDir>/test/cli/operations.test.ts',
  '<rootDir>/test/cli/quarantine.test.ts',
  '<rootDir>/test/crash/close.test.ts',
  '<rootDir>/test/crash/crash.test.ts',
  '<rootDir>/test/crash/migrate.test.ts',
  '<rootDir>/test/drill/',
  '<rootDir>/test/estimating/requests.test.ts',
  '<rootDir>/test/events/',
  '<rootDir>/test/fuzz/',
  '<rootDir>/test/gold/files-read.test.ts',
  '<rootDir>/test/inferring/clean-files.property.test.ts',
  '<rootDir>/test/operations/refuse-files.test.ts',
  '<rootDir>/test/oracle/differential.test.ts',
  '<rootDir>/test/pollution/',
  '<rootDir>/test/properties/',
  '<rootDir>/test/sealing/absorb.test.ts',
  '<rootDir>/test/stages/archives.test.ts',
  '<rootDir>/test/stages/list-sources.test.ts',
  '<rootDir>/test/stages/repeats-judged.test.ts',
  '<rootDir>/test/tending/metadata-files.test.ts',
  '<rootDir>/test/tending/tend.test.ts',
  '<rootDir>/test/tending/unreachable.property.test.ts',
  '<rootDir>/test/timezones/instants.test.ts',
  '<rootDir>/test/upgrade/',
  '<rootDir>/test/xlsx/bombs.test.ts',
  '<rootDir>/test/xlsx/wrapped.property.test.ts',
];

/** Native ES modules; swc only strips the types. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Those of test/aws need a deployed platform, those of test/console a browser, those of test/engines other engines: npm run test:aws …
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/aws/',
    '<rootDir>/test/console/',
    '<rootDir>/test/engines/',
    '<rootDir>/test/package/',
    ...SEARCHES,
  ],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
    '^.+\\.tsx$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'hono/jsx' } },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Far more than any test takes on two idle cores: what hangs fails, what shares the machine does not.
  testTimeout: 240_000,
  // What `npm pack` made is a copy.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  maxWorkers: 2,
};
