import type { Contract } from '../../contract/contract.ts';
import { integerOf, textOf } from '../../engine/engine.ts';
import { requireSameRows } from '../../engine/row-identity.ts';
import { literal } from '../../engine/sql.ts';
import { tableRowsSql } from '../../engine/table-rows.ts';
import { writeDataFiles } from '../../engine/write-data-files.ts';
import { letGoPart, runFolder } from '../../naming/tables.ts';
import type { Bench } from '../../operations/rewrite-bin.ts';
import { boundedColumns } from '../../stages/bounded-columns.ts';
import type { DataFile } from '../../table/schema.ts';
import { LET_GO_SQL } from '../current-rejects.ts';
import { blankedSql } from './blanked-sql.ts';
import type { RejectTable } from './due-records.ts';

/** Files are written anew together up to this size. */
const TARGET_BYTES = 128_000_000;

/** A reject table, and the files in which its due rows have no values any more. */
export interface BlankedTable extends RejectTable {
  readonly add: readonly DataFile[];
  readonly remove: ReadonlySet<string>;
  /** Rows whose values go. */
  readonly rows: number;
}

/** What is written, and where. */
export interface Blanking {
  readonly contract: Contract;
  /** Version of the contract, for the folder. */
  readonly version: string;
  readonly id: string;
}

const IS_DUE = 'row_hash IN (SELECT row_hash FROM let_go)';

/** What of every row must stay as it was. */
const STAYING = `* EXCLUDE (record, raw_text, reasons), list_transform(reasons, lambda x: concat_ws(':', x.rule, x.column, x.code)) AS reasons`;

/**
 * Writes the files of a table that hold due rows anew, without their values. What was written is read back: it must
 * have every other value of every row. Nobody sees it before a commit names it. Needs the table `let_go`. Undefined
 * where no row of the table is due. Throws DataError `ROWS_CHANGED` where the proof fails.
 */
export async function blankTable(
  bench: Bench,
  reject: RejectTable,
  blanking: Blanking,
): Promise<BlankedTable | undefined> {
  const found = await filesWithDue(bench, reject);
  const files = reject.files.filter(({ key }) => found.has(key));
  if (files.length === 0) return undefined;
  const add: DataFile[] = [];
  for (const [n, bin] of binsOf(files).entries()) {
    add.push(...(await blankFiles(bench, bin, { reject, blanking, part: letGoPart(n) })));
  }
  const rows = [...found.values()].reduce((sum, one) => sum + one, 0);
  return { ...reject, add, remove: new Set(files.map(({ key }) => key)), rows };
}

/** How many due rows each file has that has any, by key. */
async function filesWithDue({ engine, data }: Bench, { files }: RejectTable): Promise<Map<string, number>> {
  const keys = new Map<string, string>();
  for (const { key } of files) keys.set(await data.localPath(key), key);
  const rows = await engine.rows(
    `SELECT filename AS path, count(*) AS n FROM read_parquet([${[...keys.keys()].map(literal).join(', ')}], filename = true, hive_partitioning = false)
     WHERE ${IS_DUE} AND NOT (${LET_GO_SQL}) GROUP BY filename`,
  );
  return new Map(rows.map((row) => [keys.get(textOf(row, 'path')) ?? '', integerOf(row, 'n')]));
}

/** Files that are written anew together, in the order of their keys. */
function binsOf(files: readonly DataFile[]): DataFile[][] {
  const bins: DataFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    bytes += file.sizeBytes;
    if (bytes > TARGET_BYTES) {
      bins.push([]);
      bytes = file.sizeBytes;
    }
    bins.at(-1)?.push(file);
  }
  return bins;
}

interface BlankedPlace {
  readonly reject: RejectTable;
  readonly blanking: Blanking;
  readonly part: string;
}

async function blankFiles(
  bench: Bench,
  files: readonly DataFile[],
  { reject: { table, layer }, blanking: { contract, version, id }, part }: BlankedPlace,
): Promise<DataFile[]> {
  const rowsOf = async (some: readonly DataFile[]): Promise<string> =>
    tableRowsSql(table, await Promise.all(some.map(({ key }) => bench.data.localPath(key))));
  const before = await rowsOf(files);
  const root = runFolder(table.root, version, id);
  const bounded = boundedColumns(contract, layer);
  const wanted = `SELECT ${blankedSql(IS_DUE)} FROM (${before})`;
  const written = await writeDataFiles(wanted, { ...bench, table, root, part, bounded });
  const after = await rowsOf(written);
  await requireSameRows(bench.engine, { wanted, written: after }, table.root);
  const staying = {
    wanted: `SELECT ${STAYING} FROM (${before})`,
    written: `SELECT ${STAYING} FROM (${after})`,
  };
  await requireSameRows(bench.engine, staying, table.root);
  return written;
}
