import type { SourceContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { tableRoot } from '../naming.ts';
import type { ObjectStore } from '../ports.ts';
import { LEDGER_COLUMNS, REJECT_TABLE_COLUMNS } from '../refining/reject-tables.ts';
import { type LakeTable, openOrCreateTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';

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
  const shapes = {
    silver: { columns: tableColumns(contract), partitionColumn: contract.partitionColumn },
    quarantine: { columns: REJECT_TABLE_COLUMNS },
    condemned: { columns: REJECT_TABLE_COLUMNS },
    source_files: { columns: LEDGER_COLUMNS },
  };
  const root = tableRoot(layer, contract.dataset);
  return openOrCreateTable(objects, root, pointer?.tables[layer], shapes[layer]);
}
