import type { CommandEntry } from '../command.ts';

/** Commands about contracts and what is told of them. */
export const CONTRACTS: readonly CommandEntry[] = [
  {
    name: 'contracts infer',
    summary: 'propose a contract for files',
    load: async () => (await import('../commands/contracts-infer.ts')).contractsInfer,
  },
  {
    name: 'contracts check',
    summary: 'check the contracts',
    load: async () => (await import('../commands/contracts-check.ts')).contractsCheck,
  },
  {
    name: 'contracts types',
    summary: 'types of what the code of projections is given',
    load: async () => (await import('../commands/contracts-types.ts')).contractsTypes,
  },
  {
    name: 'contracts diff',
    summary: 'whether a new version is compatible, and why',
    load: async () => (await import('../commands/contracts-diff.ts')).contractsDiff,
  },
  {
    name: 'contracts try',
    summary: 'what a contract would change, without publishing',
    load: async () => (await import('../commands/contracts-try.ts')).contractsTry,
  },
  {
    name: 'products',
    summary: 'the data products, who reads them and what they cost',
    load: async () => (await import('../commands/products.ts')).products,
  },
  {
    name: 'docs',
    summary: 'write a site about the datasets',
    load: async () => (await import('../commands/docs.ts')).docs,
  },
];
