import type { SourceContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { ConflictError, DataError } from '../errors.ts';
import type { Layer, PointerLayer } from '../naming/datasets.ts';
import { tableRoot } from '../naming/tables.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import { LEDGER_COLUMNS, REJECT_TABLE_COLUMNS } from '../refining/reject-tables.ts';
import { filesOf, type LakeTable, openOrCreateTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { DataFile, TableColumn } from '../table/schema.ts';

/** The tables that a dataset's pointer moves together. */
export const DATASET_TABLES = ['silver', 'quarantine', 'condemned', 'source_files'] as const;
export type DatasetTable = (typeof DATASET_TABLES)[number];

/** The tables that the pointer of a contract's layer moves together. */
export const TABLES_OF = {
  silver: DATASET_TABLES,
  gold: ['gold'],
  projection: ['projection', 'projection_state'],
} as const satisfies Readonly<Record<PointerLayer, readonly Layer[]>>;

/** Of them, the one that every commit changes. */
export const MAIN_TABLES = {
  silver: 'source_files',
  gold: 'gold',
  projection: 'projection_state',
} as const satisfies Readonly<Record<PointerLayer, Layer>>;

/** The table that every commit of a pointer's changes. */
export function mainTable({ tables }: Pick<Pointer, 'tables'>): Layer {
  if (tables.source_files !== undefined) return MAIN_TABLES.silver;
  return tables.projection_state === undefined ? MAIN_TABLES.gold : MAIN_TABLES.projection;
}

/** Opens one of a dataset's tables at a pointer, its schema as today's contract wants it. */
export function openDatasetTable(
  objects: ObjectStore,
  contract: SourceContract,
  pointer: Pointer | undefined,
  layer: DatasetTable,
): Promise<LakeTable> {
  const own =
    layer === 'silver' ? { partitionColumn: contract.partitionColumn, comment: contract.description } : {};
  const root = tableRoot(layer, contract.dataset, pointer?.generation);
  const shape = { columns: columnsOf(contract, layer), ...own };
  return unlessMoved(objects, pointer, () => openOrCreateTable(objects, root, pointer?.tables[layer], shape));
}

/**
 * Other commits may remove what a pointer's tables consist of. If something is missing and the pointer has moved, the
 * race is lost: throws ConflictError instead of the damage.
 */
async function unlessMoved<T>(
  objects: ObjectStore,
  pointer: Pointer | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'TABLE_DAMAGED' || pointer === undefined) throw error;
    const { dataset, version } = pointer;
    const now = await readPointer(objects, 'silver', dataset);
    if (now === undefined || now.pointer.version === version) throw error;
    throw new ConflictError('BASE_MOVED', `Others committed ${dataset} meanwhile; planning again.`, {
      cause: error,
      context: { dataset, version },
    });
  }
}

/** A dataset's tables at a pointer. Whatever is asked for is read once, when it is first asked for. */
export interface DatasetTables {
  /** The table, its schema as today's contract wants it. */
  readonly table: (layer: DatasetTable) => Promise<LakeTable>;
  /** Its data files; none where nothing was published. */
  readonly files: (layer: DatasetTable) => Promise<readonly DataFile[]>;
  /** Where DuckDB can read them. */
  readonly paths: (layer: DatasetTable) => Promise<readonly string[]>;
}

/** Opens a dataset's tables at a pointer as they are needed. */
export function openDatasetTables(
  { objects, data }: Pick<Effects, 'objects' | 'data'>,
  contract: SourceContract,
  pointer: Pointer | undefined,
): DatasetTables {
  const table = once((layer) => openDatasetTable(objects, contract, pointer, layer));
  const files = once(async (layer) => {
    const opened = await table(layer);
    return await unlessMoved(objects, pointer, () => filesOf(opened));
  });
  const paths = once(async (layer) =>
    Promise.all((await files(layer)).map(({ key }) => data.localPath(key))),
  );
  return { table, files, paths };
}

function once<T>(read: (layer: DatasetTable) => Promise<T>): (layer: DatasetTable) => Promise<T> {
  const known = new Map<DatasetTable, Promise<T>>();
  return (layer) => {
    const found = known.get(layer) ?? read(layer);
    known.set(layer, found);
    return found;
  };
}

/** The columns of one of a dataset's tables, as today's contract wants them. */
export function columnsOf(contract: SourceContract, layer: DatasetTable): readonly TableColumn[] {
  if (layer === 'silver') return tableColumns(contract);
  return layer === 'source_files' ? LEDGER_COLUMNS : REJECT_TABLE_COLUMNS;
}
