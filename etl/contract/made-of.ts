import type { Contract } from './contract.ts';

/** The datasets that a Gold table or projection is made of; none for a dataset of source files. */
export const madeOf = (contract: Contract): readonly string[] =>
  contract.layer === 'silver' ? [] : contract.inputs;
