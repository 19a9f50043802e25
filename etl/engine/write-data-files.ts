import { join } from 'node:path';
import { dataFileKey } from '../naming.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { copiedFile, PARTITION_COLUMN, readCopyStats } from '../table/copy-stats.ts';
import { copyOptions } from '../table/field-ids.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';
import type { Engine } from './engine.ts';
import { identifier, literal } from './sql.ts';

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
}

/**
 * V2's delta encodings make hashes, keys and row numbers a third cheaper to write, and level 1 is as small to
 * within a few percent; docs/decisions.md has the figures.
 */
const PARQUET_OPTIONS = ['FORMAT parquet', 'PARQUET_VERSION v2', 'COMPRESSION zstd', 'COMPRESSION_LEVEL 1'];

/**
 * Months since 1970-01, UTC, of a date or timestamp. By way of a plain timestamp: a calendar for time zones would
 * give the same and take ten times as long.
 */
export function monthIndexSql(expression: string): string {
  const plain = `make_timestamp(epoch_us(${expression}))`;
  return `CAST((year(${plain}) - 1970) * 12 + month(${plain}) - 1 AS INTEGER)`;
}

/**
 * Writes a SELECT of just the table's columns as Parquet with the table's field ids, moves the files to
 * their keys and returns them with their statistics. No reader sees them before a commit names them.
 */
export async function writeDataFiles(select: string, target: WriteTarget): Promise<DataFile[]> {
  const { engine, data, scratch, table, root, part, partitionColumn } = target;
  const options = [...PARQUET_OPTIONS, copyOptions(table.metadata), 'RETURN_STATS'];
  const folder = join(scratch.directory, `copy-${table.root.replaceAll('/', '-')}-${part}`);
  const partitioned = partitionColumn !== undefined;
  const source = partitioned
    ? `SELECT *, ${monthIndexSql(identifier(partitionColumn))} AS ${identifier(PARTITION_COLUMN)} FROM (${select})`
    : select;
  if (partitioned) options.push(`PARTITION_BY (${identifier(PARTITION_COLUMN)})`);
  const path = partitioned ? folder : `${folder}.parquet`;
  const rows = await engine.rows(`COPY (${source}) TO ${literal(path)} (${options.join(', ')})`);
  const copies = rows.map((row, n) => {
    const { path: from, month } = copiedFile(row);
    const key = dataFileKey(root, month, partitioned ? `${part}-${n}` : part);
    return { from, file: readCopyStats(row, { metadata: table.metadata, key, month }) };
  });
  const written = copies.filter(({ file }) => file.recordCount > 0);
  await Promise.all(written.map(({ from, file }) => data.publish(from, file.key)));
  return written.map(({ file }) => file);
}
