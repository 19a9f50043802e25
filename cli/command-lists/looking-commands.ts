import type { CommandEntry } from '../command.ts';

/** Commands that prove, follow and estimate what is there. */
export const LOOKING: readonly CommandEntry[] = [
  {
    name: 'audit',
    summary: 'check that what is published is what was proven',
    load: async () => (await import('../commands/audit.ts')).audit,
  },
  {
    name: 'lineage',
    summary: 'from a figure to the lines it comes from',
    load: async () => (await import('../commands/lineage.ts')).lineage,
  },
  {
    name: 'health',
    summary: 'what is late, waits for a decision or stopped coming',
    load: async () => (await import('../commands/health.ts')).health,
  },
  {
    name: 'estimate',
    summary: 'what a dataset costs and takes on AWS',
    load: async () => (await import('../commands/estimate.ts')).estimateCommand,
  },
  {
    name: 'drill',
    summary: 'crash test lakes on purpose and check that nothing is lost',
    load: async () => (await import('../commands/drill.ts')).drill,
  },
];
