import type { SourceContract } from '../contract/contract.ts';
import { keyColumns } from '../contract/record-key.ts';
import { type Engine, readParquet, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';

/**
 * A chunk's keys: of each record that went to Silver the hash of its key (h$) and which of the chunk's files has it
 * (file$). Where several chunks make a run, seal finds from these small files alone which keys stand twice.
 */

/** Makes the table `chunk_keys`, empty; all lanes see it. */
export async function createChunkKeys(engine: Engine): Promise<void> {
  await engine.run('CREATE OR REPLACE TABLE chunk_keys (h$ UBIGINT, file$ INTEGER)');
}

/** SQL of the hash of a record's key, over the columns of a table where several are joined. Equal keys have equal hashes. */
export function keyHashSql(contract: SourceContract, table?: string): string {
  const prefix = table === undefined ? '' : `${table}.`;
  return `hash(${keyColumns(contract)
    .map((name) => `${prefix}${identifier(name)}`)
    .join(', ')})`;
}

/** SELECT of the keys in some files: local paths by the numbers that the files have. */
export function keysOfFilesSql(contract: SourceContract, files: ReadonlyMap<number, string>): string {
  return [...files]
    .map(
      ([number, path]) =>
        `SELECT ${keyHashSql(contract)} AS h$, CAST(${number} AS INTEGER) AS file$ FROM ${readParquet([path])}`,
    )
    .join(' UNION ALL ');
}

/** Writes the table `chunk_keys` as Parquet; `places` has for each number in it that under which its file is known. */
export async function copyChunkKeys(engine: Engine, path: string, places: readonly number[]): Promise<void> {
  const place = `CAST(([${places.join(', ')}])[file$ + 1] AS INTEGER) AS file$`;
  await engine.run(sortedKeysSql(`SELECT h$, ${place} FROM chunk_keys`, path));
}

/**
 * COPY of keys (h$ and what else the SELECT has) to a Parquet file, sorted by their hashes: who wants a range of them reads
 * that part of each file alone. Plain, since a hash is as long packed as it is plain.
 */
export function sortedKeysSql(select: string, path: string): string {
  return `COPY (${select} ORDER BY h$) TO ${literal(path)} (FORMAT parquet, COMPRESSION uncompressed)`;
}

/** What tells this DuckDB's hashes from those of another release of it. */
export async function hashMark(engine: Engine): Promise<string> {
  const [row = {}] = await engine.rows("SELECT CAST(hash(DATE '2024-01-31', 'key', 1) AS VARCHAR) AS mark");
  return textOf(row, 'mark');
}
