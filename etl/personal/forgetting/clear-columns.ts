import type { ContractColumn } from '../../contract/contract.ts';

/** Names of the columns of which nothing is sealed or dropped. */
export const clearColumns = (columns: readonly ContractColumn[]): string[] =>
  columns.flatMap(({ name, protect }) => (protect === undefined || protect.as === 'clear' ? [name] : []));
