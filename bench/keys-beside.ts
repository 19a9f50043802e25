import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Engine, readParquet, withEngine } from '../etl/engine/engine.ts';
import { count, isMain } from './command.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { toMarkdown, whole } from './scale/section.ts';

const USAGE = `Usage: npm run bench:keys -- [options]

What comparing keys in no order with a large table would take if the hashes of its keys lay in files beside it: a prototype
that Assay has not. One thread; the least processor time of five.

  --rows N    rows of the table, in 50 months, a file each (10_000_000)
  --work DIR  where the files go (bench/out)`;

const MONTHS = 50;
const HASH = 'hash(transaction_id, transaction_timestamp)';
const ROUNDS = 5;

/** A file of a month's rows, with the columns of a key alone, and one of their hashes, sorted. */
interface MonthFiles {
  readonly rows: string;
  readonly hashes: string;
}

/** Writes the months; keys are scattered over all of them, as numbers that stand in no order. */
async function writeMonths(engine: Engine, rows: number, folder: string): Promise<MonthFiles[]> {
  const each = Math.ceil(rows / MONTHS);
  const files: MonthFiles[] = [];
  for (let month = 0; month < MONTHS; month++) {
    const file = {
      rows: join(folder, `rows-${month}.parquet`),
      hashes: join(folder, `hashes-${month}.parquet`),
    };
    await engine.run(
      `COPY (SELECT 'TXN' || lpad(CAST((${month} * ${each} + i) * 7919 % 9999999967 AS VARCHAR), 10, '0') AS transaction_id,
         TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_months(${month}) + to_seconds(hash(i) % 2400000) AS transaction_timestamp
       FROM range(${each}) AS r(i)) TO '${file.rows}' (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
    );
    await engine.run(
      `COPY (SELECT ${HASH} AS h FROM ${readParquet([file.rows])} ORDER BY h) TO '${file.hashes}' (FORMAT parquet, COMPRESSION uncompressed)`,
    );
    files.push(file);
  }
  return files;
}

/** Makes the table `mine` (the columns of a key, and h): as many keys as a hundredth of the rows, half of which are there. */
async function makeKeys(engine: Engine, rows: number, from: string): Promise<void> {
  const half = Math.round(rows / 200);
  await engine.run(
    `CREATE TABLE mine AS SELECT *, ${HASH} AS h FROM ${from} USING SAMPLE reservoir(${half} ROWS) REPEATABLE (1)`,
  );
  await engine.run(
    `INSERT INTO mine SELECT 'NEW' || i, TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_seconds(i * 60), hash(i) FROM range(${half}) AS r(i)`,
  );
}

async function leastCpu(engine: Engine, sql: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuSeconds();
    await engine.rows(sql);
    least = Math.min(least, cpuSeconds() - start);
  }
  return least;
}

async function measure(engine: Engine, rows: number, folder: string): Promise<string> {
  const files = await writeMonths(engine, rows, folder);
  const table = readParquet(files.map((file) => file.rows));
  const beside = readParquet(files.map((file) => file.hashes));
  await makeKeys(engine, rows, table);
  const same =
    'mine.transaction_id = t.transaction_id AND mine.transaction_timestamp = t.transaction_timestamp';
  const ways = [
    ['both key columns, read alone', `SELECT max(transaction_id), max(transaction_timestamp) FROM ${table}`],
    ['the key columns compared', `SELECT count(*) FROM ${table} AS t WHERE EXISTS (FROM mine WHERE ${same})`],
    ['hashes beside, read alone', `SELECT bit_xor(h) FROM ${beside}`],
    ['hashes beside, compared', `SELECT count(*) FROM ${beside} WHERE h IN (SELECT h FROM mine)`],
  ] as const;
  const lines: string[][] = [];
  for (const [name, sql] of ways) lines.push([name, (await leastCpu(engine, sql)).toFixed(2)]);
  const bytes = (pick: (file: MonthFiles) => string): number =>
    files.reduce((sum, file) => sum + statSync(pick(file)).size, 0);
  const sizes = `The hashes are ${whole(bytes((file) => file.hashes) / 1e6)} MB, the key columns ${whole(bytes((file) => file.rows) / 1e6)} MB.`;
  const title = `${whole(rows / 100)} keys against ${whole(rows)} rows, CPU seconds`;
  return `${toMarkdown({ title, columns: ['how', 'CPU s'], lines })}\n${sizes}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '10_000_000' },
      work: { type: 'string', default: join(import.meta.dirname, 'out') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const folder = join(resolve(values.work), 'keys-beside');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const options = { threads: 1, memoryLimitMb: 2048 };
    const told = await withEngine(options, join(folder, 'spill'), (engine) =>
      measure(engine, count('--rows', values.rows), folder),
    );
    console.log(told);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) await main();
