import type { CommandEntry } from '../command.ts';

/** Commands about records that failed. */
export const QUARANTINE: readonly CommandEntry[] = [
  {
    name: 'quarantine list',
    summary: 'records that are open, or condemned',
    load: async () => (await import('../commands/quarantine-list.ts')).quarantineList,
  },
  {
    name: 'quarantine show',
    summary: 'everything about one record that failed',
    load: async () => (await import('../commands/quarantine-show.ts')).quarantineShow,
  },
  {
    name: 'quarantine export',
    summary: 'open records as CSV, to be corrected',
    load: async () => (await import('../commands/quarantine-export.ts')).quarantineExport,
  },
  {
    name: 'quarantine correct',
    summary: 'correct open records and test them once more',
    load: async () => (await import('../commands/quarantine-correct.ts')).quarantineCorrect,
  },
  {
    name: 'quarantine retry',
    summary: 'test open records once more',
    load: async () => (await import('../commands/quarantine-retry.ts')).quarantineRetry,
  },
  {
    name: 'quarantine condemn',
    summary: 'give up open records',
    load: async () => (await import('../commands/quarantine-condemn.ts')).quarantineCondemn,
  },
  {
    name: 'quarantine release',
    summary: 'let condemned records be tested again',
    load: async () => (await import('../commands/quarantine-release.ts')).quarantineRelease,
  },
];
