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
 * hash, no checks, no duplicates, no rejects table.
 *
 * - `plain`: as its documentation would have it written, with the two types declared that Silver has, too.
 *   A record with a value of another type goes to DuckDB's rejects.
 * - `tuned`: nothing sniffed, everything read as text and converted by TRY_CAST, so that a bad value costs
 *   its cell and not its record, in any order.
 *
 * `store_rejects`, not `ignore_errors`: with the latter alone, DuckDB 1.5.6 ends a parallel scan in
 * silence at the first stray quote.
 */
const SOURCES = {
  plain: (file: string): string => `
    read_csv(${literal(file)}, store_rejects = true,
      types = {'TransactionAmount': 'DECIMAL(18, 2)', 'TransactionTimestamp': 'TIMESTAMPTZ'})`,
  tuned: (file: string): string => `
    (SELECT * REPLACE (
      TRY_CAST(TransactionAmount AS DECIMAL(18, 2)) AS TransactionAmount,
      TRY_CAST(TransactionTimestamp AS TIMESTAMP) AS TransactionTimestamp
    )
    FROM read_csv(${literal(file)}, auto_detect = false, header = true, delim = ',', quote = '"',
      escape = '"', store_rejects = true,
      columns = {${HEADER.map((column) => `${literal(column)}: 'VARCHAR'`).join(', ')}}))`,
} as const;
export type CopyStyle = keyof typeof SOURCES;

const copySql = (style: CopyStyle, file: string, directory: string): string => `
  COPY (
    SELECT *, year(TransactionTimestamp) AS year, month(TransactionTimestamp) AS month
    FROM ${SOURCES[style](file)}
  ) TO ${literal(directory)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (year, month))`;

const MEMORY_LIMIT = '1GB';

/** Copies the CSV to Parquet files by month under `directory`; `silver` counts the records that DuckDB could parse. */
export async function bareCopy(file: string, directory: string, style: CopyStyle): Promise<Measurement> {
  mkdirSync(directory, { recursive: true });
  const spill = join(directory, 'spill');
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_LIMIT,
    threads: String(availableParallelism()),
    temp_directory: spill,
    ...(style === 'tuned' ? { preserve_insertion_order: 'false' } : {}),
  });
  const connection = await instance.connect();
  try {
    const cost = await measure(async () => {
      const silver = await number(connection, copySql(style, file, join(directory, 'data')));
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
  const { values } = parseArgs({
    options: {
      in: { type: 'string' },
      out: { type: 'string' },
      tuned: { type: 'boolean', default: false },
    },
  });
  const [file, directory] = [required('--in', values.in), required('--out', values.out)];
  console.log(JSON.stringify(await bareCopy(file, directory, values.tuned ? 'tuned' : 'plain')));
}
