import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { initLake, openLake } from '../adapters/local/lake.ts';
import { bronzeKey } from '../etl/naming/bronze.ts';
import { runRecordKey } from '../etl/naming/runs.ts';
import { RunRecord } from '../etl/stages/outcomes.ts';
import { getDocument } from '../etl/stages/stored-documents.ts';
import { count, isMain } from './command.ts';
import { runWorkflow } from './fleet/run-workflow.ts';
import {
  compareUse,
  cpuCell,
  diskCell,
  longestCell,
  memoryCell,
  type StageUse,
  useOfStages,
} from './fleet/stage-use.ts';
import { type WorkerOptions, work } from './fleet/worker.ts';
import { openWorkerPool } from './fleet/worker-pool.ts';
import { generateFile } from './generate.ts';
import { toMarkdown, whole } from './scale/section.ts';

const USAGE = `Usage: npm run bench:fleet -- [options]

One run of many rows by several small workers, each a process with one thread, a limit on its memory and a disk of its
own, through all stages of the state machine. Says the most memory and disk that one worker took in each stage, and the
processor time of all: peaks are to be flat as rows grow, processor time linear.

  --rows A,B       data rows, one lake each (10_000_000,30_000_000; the whole is 10_000_000,30_000_000,100_000_000:
                   16 GB of disk at its fullest)
  --piece-rows N   rows of one source file (2_500_000)
  --workers N      processes (2)
  --memory-mb M    memory that a worker may take (1024); DuckDB is given what a function of that size gives it
  --disk-mb M      disk that a worker may take (2048): past it its call fails as on a full disk
  --chunk-mb M     size of a chunk (128)
  --duplicates N   records that stand twice, in all pieces together (80; past 100 a run waits for a person)
  --rewriting WHO  who writes Silver's files anew that these leave: seal, workers, or auto (auto: workers from four
                   chunks' size on)
  --gold           with the Gold table of the dataset, which reads all months
  --measure        no limit on the disk: says what it would take
  --work DIR       where files and lakes go (bench/out)`;

const DATASET = 'mortgages.transactions';
const CONTRACTS = join(import.meta.dirname, '..', 'contracts');
const SQL = join(import.meta.dirname, '..', 'sql', 'gold');
/** Disk enough for everything that fits on a machine. */
const NO_LIMIT_MB = 1_000_000;
const MIB = 1024 * 1024;

/** What a run is made by. */
interface Fleet {
  readonly workers: number;
  readonly pieceRows: number;
  readonly withGold: boolean;
  readonly duplicates: number;
  readonly folder: string;
  readonly worker: Pick<WorkerOptions, 'chunkBytes' | 'memoryMb' | 'diskMb' | 'rewriteFromBytes'>;
}

/** Makes a lake with so many rows in Bronze, piece by piece; keys in no order, of all months. Returns the records that go to Silver. */
async function fillLake(root: string, rows: number, { pieceRows, folder, ...fleet }: Fleet): Promise<number> {
  await initLake(root);
  const lake = await openLake(root, { contractsDir: CONTRACTS, sqlDir: SQL });
  const duplicates = Math.floor(fleet.duplicates / Math.ceil(rows / pieceRows));
  let silver = 0;
  for (let firstRow = 0, piece = 0; firstRow < rows; firstRow += pieceRows, piece++) {
    const file = join(folder, `piece-${piece}.csv`);
    const size = { rows: Math.min(pieceRows, rows - firstRow), seed: piece + 1, firstRow, duplicates };
    silver += generateFile({ ...size, months: 12, keys: 'scattered' }, file).silver;
    const key = bronzeKey(DATASET, '2026-01-01', `piece-${String(piece).padStart(4, '0')}.csv`);
    await lake.data.addFile(file, key, { arrivedMs: Date.now() });
    rmSync(file);
  }
  return silver;
}

/** What came of one run. */
interface Measured {
  readonly rows: number;
  readonly stages: readonly StageUse[];
  readonly wallMs: number;
  /** Why the run ended otherwise than promoted; absent where it was. */
  readonly failure?: string;
}

async function measure(rows: number, fleet: Fleet): Promise<Measured> {
  const folder = join(fleet.folder, `fleet-${rows}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const root = join(folder, 'lake');
  try {
    const silver = await fillLake(root, rows, { ...fleet, folder });
    console.error(`${whole(rows)} rows are in Bronze.`);
    return { rows, ...(await runOn(root, folder, { ...fleet, silver })) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runOn(
  root: string,
  folder: string,
  { workers, withGold, worker, silver }: Fleet & { readonly silver: number },
): Promise<Omit<Measured, 'rows'>> {
  const contractsDir = withGold ? CONTRACTS : join(CONTRACTS, 'mortgages');
  const options = { contractsDir, sqlDir: SQL };
  const pool = await openWorkerPool(workers, import.meta.filename, {
    ...{ lake: root, folder: join(folder, 'disks') },
    ...options,
    ...worker,
  });
  try {
    const { effects } = await openLake(root, options);
    const on = { dataset: DATASET, workers };
    const { runId, wallMs, failure } = await runWorkflow(pool, effects.objects, on);
    const stages = useOfStages(pool.uses);
    if (failure !== undefined) return { stages, wallMs, failure };
    const record = await getDocument(effects.objects, runRecordKey(DATASET, runId), RunRecord);
    if (record.status !== 'promoted') return { stages, wallMs, failure: record.why.join('; ') };
    if (record.counts.silver !== silver)
      return { stages, wallMs, failure: `${record.counts.silver} of ${silver} records went to Silver` };
    return { stages, wallMs };
  } finally {
    pool.close();
  }
}

function print(results: readonly Measured[]): void {
  const runs = results.map(({ rows, stages }) => ({ name: `${whole(rows)} rows`, stages }));
  const tables = [
    compareUse('The most memory of one worker, MiB', runs, memoryCell),
    compareUse('The most disk of one worker, GB', runs, diskCell),
    compareUse('Processor time of all workers, seconds', runs, cpuCell),
    compareUse('The longest call, seconds', runs, longestCell),
    compareUse('Calls', runs, ({ calls }) => whole(calls)),
  ];
  const ends = results.map(({ rows, stages, wallMs, failure }) => {
    const cpuSeconds = stages.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1000;
    const each = ((cpuSeconds / rows) * 1e6).toFixed(2);
    return [whole(rows), (wallMs / 1000).toFixed(0), cpuSeconds.toFixed(0), each, failure ?? 'promoted'];
  });
  const columns = ['rows', 'wall s', 'CPU s', 'CPU s a million rows', 'ended'];
  console.log([...tables, { title: 'The runs', columns, lines: ends }].map(toMarkdown).join('\n'));
}

/** From how many bytes on workers write Silver anew. */
function rewritingBy(who: string, chunkBytes: number): Pick<WorkerOptions, 'rewriteFromBytes'> {
  if (who === 'seal') return {};
  if (who === 'workers') return { rewriteFromBytes: 1 };
  if (who === 'auto') return { rewriteFromBytes: 4 * chunkBytes };
  throw new Error(`--rewriting ${who}: write seal, workers or auto.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '10_000_000,30_000_000' },
      'piece-rows': { type: 'string', default: '2_500_000' },
      workers: { type: 'string', default: '2' },
      'memory-mb': { type: 'string', default: '1024' },
      'disk-mb': { type: 'string', default: '2048' },
      'chunk-mb': { type: 'string', default: '128' },
      duplicates: { type: 'string', default: '80' },
      rewriting: { type: 'string', default: 'auto' },
      gold: { type: 'boolean', default: false },
      measure: { type: 'boolean', default: false },
      work: { type: 'string', default: join(import.meta.dirname, 'out') },
      worker: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.worker !== undefined) return await work(JSON.parse(values.worker) as WorkerOptions);
  if (values.help) return console.log(USAGE);
  const [memoryMb, diskMb] = [
    count('--memory-mb', values['memory-mb']),
    count('--disk-mb', values['disk-mb']),
  ];
  const chunkBytes = count('--chunk-mb', values['chunk-mb']) * MIB;
  const fleet: Fleet = {
    workers: count('--workers', values.workers),
    pieceRows: count('--piece-rows', values['piece-rows']),
    withGold: values.gold,
    duplicates: count('--duplicates', values.duplicates),
    folder: resolve(values.work),
    worker: {
      ...{ memoryMb, chunkBytes, ...rewritingBy(values.rewriting, chunkBytes) },
      diskMb: values.measure ? NO_LIMIT_MB : diskMb,
    },
  };
  const results: Measured[] = [];
  for (const text of values.rows.split(',')) results.push(await measure(count('--rows', text), fleet));
  print(results);
  const most = (pick: (use: StageUse) => number): number =>
    Math.max(...results.flatMap(({ stages }) => stages.map(pick)));
  const isWithin =
    most(({ peakRssBytes }) => peakRssBytes) <= memoryMb * MIB &&
    most(({ peakDiskBytes }) => peakDiskBytes) <= diskMb * MIB &&
    results.every(({ failure }) => failure === undefined);
  console.log(
    `Within ${memoryMb} MB of memory and ${diskMb} MB of disk a worker: ${isWithin ? 'yes' : 'no'}.`,
  );
  if (!isWithin) process.exitCode = 1;
}

if (isMain(import.meta.url)) await main();
