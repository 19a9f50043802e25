import type { SourceContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { tableRoot } from '../naming.ts';
import type { ObjectStore } from '../ports.ts';
import { LEDGER_COLUMNS, REJECT_TABLE_COLUMNS } from '../refining/reject-tables.ts';
import { type LakeTable, openOrCreateTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { TableColumn } from '../table/schema.ts';

/** The tables that a dataset's pointer moves together. */
export const DATASET_TABLES = ['silver', 'quarantine', 'condemned', 'source_files'] as const;
export type DatasetTable = (typeof DATASET_TABLES)[number];

/** Opens one of a dataset's tables at a pointer, its schema as today's contract wants it. */
export function openDatasetTable(
  objects: ObjectStore,
  contract: SourceContract,
  pointer: Pointer | undefined,
  layer: DatasetTable,
): Promise<LakeTable> {
  const partition = layer === 'silver' ? { partitionColumn: contract.partitionColumn } : {};
  const root = tableRoot(layer, contract.dataset);
  const shape = { columns: columnsOf(contract, layer), ...partition };
  return openOrCreateTable(objects, root, pointer?.tables[layer], shape);
}

/** The columns of one of a dataset's tables, as today's contract wants them. */
export function columnsOf(contract: SourceContract, layer: DatasetTable): readonly TableColumn[] {
  if (layer === 'silver') return tableColumns(contract);
  return layer === 'source_files' ? LEDGER_COLUMNS : REJECT_TABLE_COLUMNS;
}
