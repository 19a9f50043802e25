import type { Contract, ContractColumn } from './contract.ts';

/** Whether a column's values may be shown outside of its own table: in reasons, documents, manifests and on a screen. */
export const isOpen = ({ classification }: Pick<ContractColumn, 'classification'>): boolean =>
  classification === 'public' || classification === 'internal';

/** Names of the columns whose values may be shown; none where nothing is known of them. */
export function openColumns(contract: Contract | undefined): ReadonlySet<string> {
  return new Set(contract?.columns.filter(isOpen).map(({ name }) => name));
}
