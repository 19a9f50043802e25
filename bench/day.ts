import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { count, isMain } from './command.ts';
import { type Day, LISTED_BYTES, simulateDay } from './day/day-of-runs.ts';
import { measureLargeTable, NEW_ROWS } from './day/large-silver.ts';
import { objectsLine } from './day/objects-of.ts';
import { USE_COLUMNS, useLine } from './day/use-lines.ts';
import { type WorkerOptions, work } from './fleet/worker.ts';
import { type Table, toMarkdown, whole } from './scale/section.ts';

const USAGE = `Usage: npm run bench:day -- [options]

A simulated day: source files are listed with 500 MB each and are samples of 130 records, so that the plan, the chunks,
the documents, the requests and what is committed are those of the whole day, and the data is not. All stages are real,
by workers with a limit on memory. And a table of many rows in Silver whose data files are entries without data.

  --gb N           gigabytes a day (1000)
  --runs A,B       runs that they come in, one day each (96,24,1)
  --gold           with the Gold table of the dataset, which reads all months
  --table-rows N   rows of the table that 1 M rows are added to (1_000_000_000); 0: no table
  --workers N      processes (2)
  --memory-mb M    memory that a worker may take (3538)
  --work DIR       where lakes go (bench/out)`;

const CONTRACTS = join(import.meta.dirname, '..', 'contracts');
const SQL = join(import.meta.dirname, '..', 'sql', 'gold');

/** Of a Silver file that 500 MB leave, 13 of them: 0.54 of the bytes. */
const SILVER_FILE_BYTES = (LISTED_BYTES * 0.54) / 13;

function dayTables(gigabytes: number, runs: number, day: Day): Table[] {
  const chunks = `${whole(gigabytes)} GB a day in ${runs} runs of ${whole(day.chunksPerRun)} chunks`;
  const ended = day.failure === undefined ? '' : ` It ended otherwise: ${day.failure}`;
  const took = `${(day.wallMs / 1000).toFixed(0)} s, ${(day.cpuMs / 1000).toFixed(0)} CPU s in all`;
  const title = `${chunks}; the last run (${took}). The state machine carries ${whole(day.stateBytes)} bytes at its end.${ended}`;
  return [
    { title, columns: USE_COLUMNS, lines: day.stages.map((use) => useLine(use, SILVER_FILE_BYTES)) },
    {
      title: 'Objects of the lake at the end of the day',
      columns: ['kind', 'objects', 'kB', 'largest, kB'],
      lines: day.objects.map(objectsLine),
    },
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      gb: { type: 'string', default: '1000' },
      runs: { type: 'string', default: '96,24,1' },
      gold: { type: 'boolean', default: false },
      'table-rows': { type: 'string', default: '1_000_000_000' },
      workers: { type: 'string', default: '2' },
      'memory-mb': { type: 'string', default: '3538' },
      work: { type: 'string', default: join(import.meta.dirname, 'out') },
      worker: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.worker !== undefined) return await work(JSON.parse(values.worker) as WorkerOptions);
  if (values.help) return console.log(USAGE);
  const [gigabytes, tableRows] = [count('--gb', values.gb), count('--table-rows', values['table-rows'])];
  const options = {
    workers: count('--workers', values.workers),
    memoryMb: count('--memory-mb', values['memory-mb']),
    contractsDir: values.gold ? CONTRACTS : join(CONTRACTS, 'mortgages'),
    sqlDir: SQL,
    folder: join(resolve(values.work), 'day'),
    script: import.meta.filename,
  };
  for (const text of gigabytes === 0 ? [] : values.runs.split(',')) {
    const runs = count('--runs', text);
    const day = await simulateDay({ ...options, gigabytes, runs });
    console.log(dayTables(gigabytes, runs, day).map(toMarkdown).join('\n'));
    if (day.failure !== undefined) process.exitCode = 1;
  }
  for (const rows of tableRows === 0 ? [] : [0, tableRows]) {
    const { stages, files } = await measureLargeTable(rows, options);
    const title = `${whole(NEW_ROWS)} rows added to a table of ${whole(rows)} in ${whole(files)} files`;
    const lines = stages.map((use) => useLine(use, SILVER_FILE_BYTES));
    console.log(toMarkdown({ title, columns: USE_COLUMNS, lines }));
  }
}

if (isMain(import.meta.url)) await main();
