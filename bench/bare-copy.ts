import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { isMain, required } from './command.ts';
import { type Measurement, measure } from './measure.ts';
import { HEADER } from './transactions.ts';

/**
 * The floor: what DuckDB needs to read the CSV and write Parquet by month, and nothing else. No
 * hash, no checks, no duplicates, no rejects table; a value that can't be converted becomes NULL.
 *
 * Columns are read as text and cast with TRY_CAST: as fast as typed columns, and a bad value costs
 * its cell, not its record. `store_rejects`, not `ignore_errors`: with the latter alone, DuckDB 1.5.6
 * ends a parallel scan in silence at the first stray quote.
 */
const COPY = (file: string, directory: string): string => `
  COPY (
    SELECT *, year(TransactionTimestamp) AS year, month(TransactionTimestamp) AS month
    FROM (
      SELECT * REPLACE (
        TRY_CAST(TransactionAmount AS DECIMAL(18, 2)) AS TransactionAmount,
        TRY_CAST(TransactionTimestamp AS TIMESTAMP) AS TransactionTimestamp
      )
      FROM read_csv(${literal(file)}, auto_detect = false, header = true, delim = ',', quote = '"',
        escape = '"', store_rejects = true,
        columns = {${HEADER.map((column) => `${literal(column)}: 'VARCHAR'`).join(', ')}})
    )
  ) TO ${literal(directory)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (year, month))`;

const MEMORY_LIMIT = '1GB';

/** Copies the CSV to Parquet files by month under `directory`; `silver` counts the records that DuckDB could parse. */
export async function bareCopy(file: string, directory: string): Promise<Measurement> {
  mkdirSync(directory, { recursive: true });
  const spill = join(directory, 'spill');
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_LIMIT,
    threads: String(availableParallelism()),
    temp_directory: spill,
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  try {
    const cost = await measure(async () => {
      const silver = await number(connection, COPY(file, join(directory, 'data')));
      return { rows: silver, silver, rejected: 0 };
    });
    const rejected = await number(connection, 'SELECT count(DISTINCT line) FROM reject_errors');
    return { ...cost, rows: cost.silver + rejected, rejected };
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(spill, { recursive: true, force: true });
  }
}

/** The only value that a statement returns. */
async function number(connection: DuckDBConnection, sql: string): Promise<number> {
  const reader = await connection.runAndReadAll(sql);
  return Number(reader.value(0, 0));
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

if (isMain(import.meta.url)) {
  const { values } = parseArgs({ options: { in: { type: 'string' }, out: { type: 'string' } } });
  console.log(JSON.stringify(await bareCopy(required('--in', values.in), required('--out', values.out))));
}
