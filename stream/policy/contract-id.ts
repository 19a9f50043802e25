import { z } from 'zod';

const FORM = /^dc:([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*):(0|[1-9]\d{0,8})$/;

/** Names a major version of a dataset's contract, e.g. `dc:orders.created:3`. */
export const ContractId = z
  .string()
  .regex(FORM, 'is no contract: write dc:<domain>.<name>:<major version>')
  .meta({ description: 'the contract by its major version, e.g. dc:orders.created:3' });

/** What a contract's id says. The text is one that ContractId has checked. */
export function readContractId(id: string): { readonly dataset: string; readonly major: number } {
  const [, dataset = '', major = ''] = FORM.exec(id) ?? [];
  return { dataset, major: Number(major) };
}

/** `orders.created`, `3.1.0` → `dc:orders.created:3`. */
export const contractIdOf = (dataset: string, version: string): string =>
  `dc:${dataset}:${version.split('.')[0] ?? '0'}`;
