/** Every Lambda entry, by the name of its file in lambdas/ and of its folder in build/lambdas/. */
export const HANDLERS = [
  'protect',
  'plan',
  'survey',
  'align',
  'refine',
  'seal',
  'rewrite',
  'gate',
  'hold',
  'promote',
  'refresh-gold',
  'sweep',
  'record-failure',
  'note-failure',
  'start-run',
  'relay-alert',
  'reconcile-catalog',
  'check-health',
  'tend',
  'erase',
  'service',
] as const;

/** Name of a Lambda entry. */
export type HandlerName = (typeof HANDLERS)[number];

/** Entries that know no dataset: they are shipped without contracts. */
export const WITHOUT_CONTRACTS: readonly HandlerName[] = ['relay-alert'];

/** Entries that run projections' code: shipped with the module of the process that does. */
export const WITH_FOLDS: readonly HandlerName[] = ['refresh-gold', 'service'];
