import type { CommandEntry } from '../command.ts';

/** Commands that look after tables: their snapshots, generations, files and pointers. */
export const TABLES: readonly CommandEntry[] = [
  {
    name: 'snapshots',
    summary: "list a dataset's published states",
    load: async () => (await import('../commands/snapshots.ts')).snapshots,
  },
  {
    name: 'diff',
    summary: 'what differs between two snapshots',
    load: async () => (await import('../commands/diff.ts')).diff,
  },
  {
    name: 'rollback',
    summary: 'make an earlier snapshot current again',
    load: async () => (await import('../commands/rollback.ts')).rollback,
  },
  {
    name: 'migrate',
    summary: "make a dataset's tables anew under a new major version",
    load: async () => (await import('../commands/migrate.ts')).migrate,
  },
  {
    name: 'backfill',
    summary: 'read published files again',
    load: async () => (await import('../commands/backfill.ts')).backfill,
  },
  {
    name: 'compact',
    summary: 'join small files into larger ones',
    load: async () => (await import('../commands/compact.ts')).compact,
  },
  {
    name: 'expire',
    summary: 'forget old snapshots, or records whose legal time is over',
    load: async () => (await import('../commands/expire.ts')).expire,
  },
  {
    name: 'tend',
    summary: 'do the upkeep of the tables',
    load: async () => (await import('../commands/tend.ts')).tend,
  },
  {
    name: 'vacuum',
    summary: 'remove files that nobody needs',
    load: async () => (await import('../commands/vacuum.ts')).vacuum,
  },
  {
    name: 'upgrade',
    summary: 'convert tables of earlier versions, so that every engine reads them',
    load: async () => (await import('../commands/upgrade.ts')).upgrade,
  },
  {
    name: 'repair',
    summary: 'restore a pointer that was lost or damaged',
    load: async () => (await import('../commands/repair.ts')).repair,
  },
  {
    name: 'reconcile',
    summary: 'make the catalog match what is published',
    load: async () => (await import('../commands/reconcile.ts')).reconcile,
  },
];
