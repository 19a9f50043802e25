import { join } from 'node:path';
import { dataFileKey } from '../naming/tables.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { copiedFile, PARTITION_COLUMN, readCopyStats } from '../table/copy-stats.ts';
import { copyOptions } from '../table/field-ids.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';
import { type Engine, integerOf } from './engine.ts';
import { identifier, literal } from './sql.ts';

/** Texts by column, of the columns that `constant` makes: DuckDB's COPY gives no bounds of an enumeration. */
export type Constants = Readonly<Record<string, string>>;

/** What to write and where. */
export interface WriteTarget {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly scratch: Scratch;
  readonly table: LakeTable;
  /** Folder that the files go to, e.g. `…/schema_v=v1/run_id=…`. */
  readonly root: string;
  /** Unique within the folder; goes into the file names. */
  readonly part: string;
  /** Column whose month partitions the table; absent where the table has no partitions. */
  readonly partitionColumn?: string;
  /** Columns whose bounds may be written, by boundedColumns; others only get counts. */
  readonly bounded: ReadonlySet<string>;
  /** Columns that hold this one text in every row. */
  readonly constants?: Constants;
  /** Rows that are put together before they are written, where they are so wide that DuckDB's own number takes too much memory. */
  readonly rowGroupRows?: number;
}

/**
 * V1: Spark with Iceberg before 1.12 can't read the delta encodings of V2. Level 1 is as small to within a few percent;
 * docs/decisions.md has the figures.
 */
const PARQUET_OPTIONS = ['FORMAT parquet', 'PARQUET_VERSION v1', 'COMPRESSION zstd', 'COMPRESSION_LEVEL 1'];

/**
 * Months since 1970-01, UTC, of a date or timestamp. By way of a plain timestamp: a calendar for time zones would
 * give the same and take ten times as long.
 */
export function monthIndexSql(expression: string): string {
  const plain = `make_timestamp(epoch_us(${expression}))`;
  return `CAST((year(${plain}) - 1970) * 12 + month(${plain}) - 1 AS INTEGER)`;
}

/** What DuckDB takes for a column of each month that it writes at once, measured: some vectors, however few the rows. */
const COLUMN_MONTH_BYTES = 72 * 1024;

/** What the months written at once may take together. */
const PARTITIONS_BYTES = 80 * 1024 * 1024;

/**
 * Writes a SELECT of just the table's columns as Parquet with the table's field ids, moves the files to
 * their keys and returns them with their statistics. No reader sees them before a commit names them.
 */
export async function writeDataFiles(select: string, target: WriteTarget): Promise<DataFile[]> {
  const { partitionColumn, part } = target;
  if (partitionColumn === undefined) return copyToFiles(select, target, () => part);
  const month = monthIndexSql(identifier(partitionColumn));
  const files: DataFile[] = [];
  for (const condition of await monthGroups(
    `SELECT ${identifier(partitionColumn)} AS instant FROM (${select})`,
    target,
  )) {
    const first = files.length;
    const source = `SELECT *, ${month} AS ${identifier(PARTITION_COLUMN)} FROM (${select}) WHERE ${condition(month)}`;
    files.push(...(await copyToFiles(source, target, (n) => `${part}-${first + n}`)));
  }
  return files;
}

/**
 * Conditions on a row's month that split the rows so that each group fits into memory: nearly always a single one.
 * `dates` is a SELECT of their dates or times as `instant`.
 */
async function monthGroups(
  dates: string,
  { engine, table }: WriteTarget,
): Promise<((month: string) => string)[]> {
  const columns = currentSchema(table.metadata).fields.length;
  const fitting = Math.max(1, Math.floor(PARTITIONS_BYTES / (columns * COLUMN_MONTH_BYTES)));
  const [span = {}] = await engine.rows(
    `SELECT coalesce(${monthIndexSql('max(instant)')} - ${monthIndexSql('min(instant)')} + 1, 1) AS months FROM (${dates})`,
  );
  if (integerOf(span, 'months') <= fitting) return [() => 'true'];
  const months = await engine.integers(
    `SELECT DISTINCT ${monthIndexSql('instant')} AS month FROM (${dates}) WHERE instant IS NOT NULL ORDER BY month`,
  );
  return Array.from({ length: Math.ceil(months.length / fitting) }, (_, n) => {
    const group = months.slice(n * fitting, (n + 1) * fitting);
    // Rows without a month go with the first group.
    return (month) => `coalesce(${month} BETWEEN ${group.at(0)} AND ${group.at(-1)}, ${n === 0})`;
  });
}

/** Copies a SELECT to one file, or where it has a month to one a month; the n-th file's part is named by `partOf`. */
async function copyToFiles(
  source: string,
  { engine, data, scratch, table, root, partitionColumn, bounded, constants = {}, rowGroupRows }: WriteTarget,
  partOf: (n: number) => string,
): Promise<DataFile[]> {
  const options = [...PARQUET_OPTIONS, copyOptions(table.metadata), 'RETURN_STATS'];
  const folder = join(scratch.directory, `copy-${table.root.replaceAll('/', '-')}-${partOf(0)}`);
  if (partitionColumn !== undefined) options.push(`PARTITION_BY (${identifier(PARTITION_COLUMN)})`);
  if (rowGroupRows !== undefined) options.push(`ROW_GROUP_SIZE ${rowGroupRows}`);
  const path = partitionColumn === undefined ? `${folder}.parquet` : folder;
  const rows = await engine.rows(`COPY (${source}) TO ${literal(path)} (${options.join(', ')})`);
  const copies = rows.map((row, n) => {
    const { path: from, month } = copiedFile(row);
    const key = dataFileKey(root, month, partOf(n));
    const file = readCopyStats(row, { metadata: table.metadata, key, month });
    return { from, file: withBoundsOf(bounded, withConstants(file, constants)) };
  });
  const written = copies.filter(({ file }) => file.recordCount > 0);
  await publishAll(written, data);
  return written.map(({ file }) => file);
}

/** Publishes files at once. Where one fails, the others have ended by then: a stage that is tried again must not meet them. */
async function publishAll(
  files: readonly { readonly from: string; readonly file: DataFile }[],
  data: Pick<DataStore, 'publish'>,
): Promise<void> {
  const ended = await Promise.allSettled(files.map(({ from, file }) => data.publish(from, file.key)));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

/** The file with the bounds of columns that hold one text in every row. */
function withConstants(file: DataFile, constants: Constants): DataFile {
  const bounded = Object.entries(constants).flatMap(([name, text]) => {
    const stats = file.columns[name];
    return stats === undefined ? [] : [[name, { ...stats, min: text, max: text }]];
  });
  return { ...file, columns: { ...file.columns, ...Object.fromEntries(bounded) } };
}

/** The file with the bounds of these columns only; what is counted stays. */
function withBoundsOf(bounded: ReadonlySet<string>, file: DataFile): DataFile {
  const columns = Object.entries(file.columns).map(([name, stats]) => {
    if (bounded.has(name)) return [name, stats];
    const { min: _min, max: _max, ...counts } = stats;
    return [name, counts];
  });
  return { ...file, columns: Object.fromEntries(columns) };
}
