import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { initLake, openLake } from '../adapters/local/lake.ts';
import { bronzeKey } from '../etl/naming/bronze.ts';
import { planKey } from '../etl/naming/runs.ts';
import { Plan } from '../etl/stages/documents.ts';
import { bindStages } from '../etl/stages/handlers.ts';
import { getDocument } from '../etl/stages/stored-documents.ts';
import { count, isMain } from './command.ts';
import { openSourceFile } from './source-file.ts';

const USAGE = `Usage: npm run bench:workers -- [options]

Cuts one file into chunks and has them worked on by several processes at once, each with one thread: how the
distributed Map of the workflow scales, as far as the machine has cores.

  --rows N         data rows of the CSV (5_000_000)
  --chunk-mb M     size of a chunk (64)
  --workers A,B    how many processes (1,2,4)
  --work DIR       where the CSV and the lakes go (bench/out)`;

const DATASET = 'mortgages.transactions';
const CONTRACTS = join(import.meta.dirname, '..', 'contracts', 'mortgages');
const RUN = { dataset: DATASET, runId: 'workers' };

/** What a worker is told to do, and what it answers. */
interface Job {
  readonly stage: 'survey' | 'refine';
  readonly chunk: string;
}

const open = async (folder: string, chunkBytes?: number) => {
  const options = { contractsDir: CONTRACTS, sqlDir: CONTRACTS, threads: 1 };
  const lake = await openLake(folder, { ...options, ...(chunkBytes === undefined ? {} : { chunkBytes }) });
  return { lake, stages: bindStages(lake.effects) };
};

/** Works on the chunks that it is sent, one at a time, until it is let go. */
async function work(folder: string): Promise<void> {
  const { stages } = await open(folder);
  process.on('message', async ({ stage, chunk }: Job) => {
    await stages[stage]({ ...RUN, chunk });
    process.send?.('done');
  });
  process.send?.('ready');
}

/** Has every chunk worked on, each worker taking the next as soon as it is free; returns the seconds it took. */
async function onAll(
  workers: readonly ChildProcess[],
  stage: Job['stage'],
  chunks: readonly string[],
): Promise<number> {
  const started = performance.now();
  const rest = chunks.values();
  await Promise.all(
    workers.map(async (worker) => {
      for (const chunk of rest) {
        const done = answer(worker);
        worker.send({ stage, chunk } satisfies Job);
        await done;
      }
    }),
  );
  return seconds(started);
}

/** A worker's next answer; rejects where it ends instead. */
function answer(worker: ChildProcess): Promise<void> {
  return new Promise((fulfil, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a worker ended with ${code}`));
    worker.once('exit', ended);
    worker.once('message', () => {
      worker.off('exit', ended);
      fulfil();
    });
  });
}

const seconds = (since: number): number => (performance.now() - since) / 1000;

/** Seconds of each step with so many workers. */
async function measure(
  file: string,
  folder: string,
  { workers: size, chunkBytes }: { workers: number; chunkBytes: number },
) {
  rmSync(folder, { recursive: true, force: true });
  await initLake(folder);
  const { lake, stages } = await open(folder, chunkBytes);
  await lake.data.addFile(file, bronzeKey(DATASET, '2026-01-01', 'transactions.csv'), {
    arrivedMs: Date.now(),
  });
  const workers = Array.from({ length: size }, () =>
    fork(import.meta.filename, ['--worker', folder], { execArgv: ['--import', 'tsx'] }),
  );
  await Promise.all(workers.map(answer));
  try {
    const started = performance.now();
    await stages.plan(RUN);
    const { chunks } = await getDocument(lake.effects.objects, planKey(DATASET, RUN.runId), Plan);
    const names = chunks.map(({ chunk }) => chunk);
    const survey = await onAll(workers, 'survey', names);
    await stages.align(RUN);
    const refine = await onAll(workers, 'refine', names);
    const sealing = performance.now();
    await stages.seal(RUN);
    const seal = seconds(sealing);
    await stages.gate(RUN);
    await stages.promote(RUN);
    return { workers: size, chunks: names.length, survey, refine, seal, all: seconds(started) };
  } finally {
    for (const worker of workers) worker.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '5_000_000' },
      'chunk-mb': { type: 'string', default: '64' },
      workers: { type: 'string', default: '1,2,4' },
      work: { type: 'string', default: join(import.meta.dirname, 'out') },
      worker: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.worker !== undefined) return await work(values.worker);
  if (values.help) return console.log(USAGE);
  const folder = resolve(values.work);
  const source = openSourceFile(folder, count('--rows', values.rows), 1);
  const chunkBytes = count('--chunk-mb', values['chunk-mb']) * 1024 * 1024;
  try {
    const results = [];
    for (const text of values.workers.split(',')) {
      const workers = count('--workers', text);
      results.push(await measure(source.path, join(folder, 'workers'), { workers, chunkBytes }));
    }
    const first = results[0];
    console.table(
      results.map(({ workers, chunks, ...times }) => ({
        workers,
        chunks,
        ...Object.fromEntries(Object.entries(times).map(([name, s]) => [`${name} s`, s.toFixed(2)])),
        'refine ×': ((first?.refine ?? 0) / times.refine).toFixed(2),
      })),
    );
  } finally {
    source.remove();
  }
}

if (isMain(import.meta.url)) await main();
