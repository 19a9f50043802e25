import type { CommandEntry } from '../command.ts';

/** Commands that make a lake, bring files in, run and read them, and decide. */
export const DAILY: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'run everything on example files that come with Assay',
    load: async () => (await import('../commands/demo.ts')).demo,
  },
  {
    name: 'new dataset',
    summary: 'make a dataset from files: write its contract and run it',
    load: async () => (await import('../commands/new-dataset.ts')).newDataset,
  },
  {
    name: 'new gold',
    summary: 'write a first Gold table',
    load: async () => (await import('../commands/new-gold.ts')).newGold,
  },
  {
    name: 'new projection',
    summary: 'write a first projection of events',
    load: async () => (await import('../commands/new-projection.ts')).newProjection,
  },
  {
    name: 'init',
    summary: 'create a lake in a folder',
    load: async () => (await import('../commands/init.ts')).init,
  },
  {
    name: 'ingest',
    summary: 'copy source files into Bronze',
    load: async () => (await import('../commands/ingest.ts')).ingest,
  },
  {
    name: 'run',
    summary: 'test everything pending and publish what passes',
    load: async () => (await import('../commands/run.ts')).run,
  },
  {
    name: 'watch',
    summary: 'ingest and run files as they are dropped',
    load: async () => (await import('../commands/watch.ts')).watch,
  },
  {
    name: 'serve',
    summary: 'a console and an API for the lake, in the browser',
    load: async () => (await import('../commands/serve.ts')).serve,
  },
  {
    name: 'project',
    summary: 'bring a projection up to date; what it says of a stream, at any moment',
    load: async () => (await import('../commands/project.ts')).project,
  },
  {
    name: 'query',
    summary: 'query the tables with SQL',
    load: async () => (await import('../commands/query.ts')).query,
  },
  {
    name: 'report',
    summary: 'print a Gold table',
    load: async () => (await import('../commands/report.ts')).report,
  },
  {
    name: 'close',
    summary: 'freeze a month of a Gold table',
    load: async () => (await import('../commands/close.ts')).close,
  },
  {
    name: 'restatements',
    summary: 'list changes that wait for closed months',
    load: async () => (await import('../commands/restatements.ts')).restatements,
  },
  {
    name: 'restatements accept',
    summary: 'publish a change that waits for a closed month',
    load: async () => (await import('../commands/restatements-accept.ts')).restatementsAccept,
  },
  {
    name: 'reopen',
    summary: 'let a closed month follow its inputs again',
    load: async () => (await import('../commands/reopen.ts')).reopen,
  },
  {
    name: 'runs',
    summary: 'list the runs, newest first',
    load: async () => (await import('../commands/runs.ts')).runs,
  },
  {
    name: 'show',
    summary: 'everything about one run',
    load: async () => (await import('../commands/show.ts')).show,
  },
  {
    name: 'approve',
    summary: 'publish a held run',
    load: async () => (await import('../commands/approve.ts')).approve,
  },
  {
    name: 'refuse',
    summary: 'decide that a held run is not published',
    load: async () => (await import('../commands/refuse.ts')).refuse,
  },
  {
    name: 'readmit',
    summary: 'let files that were set aside be read again',
    load: async () => (await import('../commands/readmit.ts')).readmit,
  },
  {
    name: 'breaker status',
    summary: 'which circuit breakers are open, and why',
    load: async () => (await import('../commands/breaker-status.ts')).breakerStatus,
  },
  {
    name: 'breaker reset',
    summary: 'close a circuit breaker',
    load: async () => (await import('../commands/breaker-reset.ts')).breakerReset,
  },
];
