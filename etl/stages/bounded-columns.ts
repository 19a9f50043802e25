import { RESCUED_NAME } from '../contract/check-columns.ts';
import type { Contract } from '../contract/contract.ts';
import { openColumns } from '../contract/open-columns.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { isContractTable, type Layer } from '../naming/datasets.ts';
import { LEDGER_COLUMNS, RAW_COLUMNS, REJECT_TABLE_COLUMNS } from '../refining/reject-tables.ts';

/**
 * Columns of a contract's table whose least and greatest values may stand in manifests and in what a run leaves for
 * itself: those that the contract leaves open, and what Assay adds but for values as they came. A column that the
 * contract knows nothing of, say of an earlier version, has no bounds.
 */
export function boundedColumns(contract: Contract, layer: Layer): ReadonlySet<string> {
  if (layer === 'source_files') return new Set(LEDGER_COLUMNS.map(({ name }) => name));
  if (!isContractTable(layer)) return without(REJECT_TABLE_COLUMNS, RAW_COLUMNS);
  const open = openColumns(contract);
  const hidden = contract.columns.filter(({ name }) => !open.has(name)).map(({ name }) => name);
  return without(tableColumns(contract), [...hidden, RESCUED_NAME]);
}

function without(columns: readonly { readonly name: string }[], names: readonly string[]): Set<string> {
  return new Set(columns.map(({ name }) => name).filter((name) => !names.includes(name)));
}
