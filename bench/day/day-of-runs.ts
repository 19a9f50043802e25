import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { runRecordKey } from '../../etl/naming/runs.ts';
import { CHUNK_BYTES } from '../../etl/stages/make-plan.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { runWorkflow } from '../fleet/run-workflow.ts';
import { type StageUse, useOfStages } from '../fleet/stage-use.ts';
import type { WorkerOptions } from '../fleet/worker.ts';
import { openWorkerPool } from '../fleet/worker-pool.ts';
import { generateFile } from '../generate.ts';
import { type Objects, objectsOf } from './objects-of.ts';

/** A day of a dataset, and how it is worked on. */
export interface DayOptions {
  readonly gigabytes: number;
  readonly runs: number;
  readonly workers: number;
  readonly memoryMb: number;
  readonly contractsDir: string;
  readonly sqlDir: string;
  readonly folder: string;
  readonly script: string;
}

/** What came of it: each stage of the last run, which has all others before it. */
export interface Day {
  readonly chunksPerRun: number;
  readonly stages: readonly StageUse[];
  readonly stateBytes: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly objects: readonly Objects[];
  /** Why its last run ended otherwise than promoted; absent where it was. */
  readonly failure?: string;
}

export const DATASET = 'mortgages.transactions';

/** What a source file is listed as having: one a chunk. */
export const LISTED_BYTES = 500e6;

/**
 * A sample of it: so many records, over as many months as a chunk of that size makes Silver files (13 segments of one
 * month). Its documents and requests are those of the whole; its data is not.
 */
const SAMPLE = { rows: 130, months: 13 } as const;

/** A day of so many runs of 500 MB files, each file a sample, through all stages in one lake. */
export async function simulateDay(options: DayOptions): Promise<Day> {
  const { gigabytes, runs, workers, folder, script, contractsDir, sqlDir, memoryMb } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const root = join(folder, 'lake');
  const filesPerRun = Math.max(1, Math.round((gigabytes * 1e9) / LISTED_BYTES / runs));
  await initLake(root);
  const lake = await openLake(root, { contractsDir, sqlDir });
  const worker: WorkerOptions = {
    ...{ lake: root, contractsDir, sqlDir, memoryMb, folder: join(folder, 'disks') },
    ...{ chunkBytes: CHUNK_BYTES, diskMb: 10_240, listedBytes: LISTED_BYTES },
  };
  const pool = await openWorkerPool(workers, script, worker);
  let last: Pick<Day, 'stages' | 'stateBytes' | 'failure'> = { stages: [], stateBytes: 0 };
  const startedMs = performance.now();
  try {
    for (let run = 0; run < runs && last.failure === undefined; run++) {
      for (let n = run * filesPerRun; n < (run + 1) * filesPerRun; n++) await addSample(lake, folder, n);
      const before = pool.uses.length;
      const { runId, stateBytes, failure } = await runWorkflow(pool, lake.effects.objects, {
        dataset: DATASET,
        workers,
      });
      const stages = useOfStages(pool.uses.slice(before));
      const why = failure ?? (await whyNotPromoted(lake.effects.objects, runId));
      last = { stages, stateBytes, ...(why === undefined ? {} : { failure: why }) };
    }
    return {
      ...last,
      chunksPerRun: filesPerRun,
      wallMs: performance.now() - startedMs,
      cpuMs: pool.uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      objects: objectsOf(root),
    };
  } finally {
    pool.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Opened = Awaited<ReturnType<typeof openLake>>;

async function addSample(lake: Opened, folder: string, n: number): Promise<void> {
  const file = join(folder, 'sample.csv');
  generateFile({ ...SAMPLE, seed: n + 1, firstRow: n * SAMPLE.rows, keys: 'scattered' }, file);
  const key = bronzeKey(DATASET, '2026-01-01', `transactions-of-branch-${String(n).padStart(6, '0')}.csv`);
  await lake.data.addFile(file, key, { arrivedMs: Date.now() });
}

async function whyNotPromoted(
  objects: Opened['effects']['objects'],
  runId: string,
): Promise<string | undefined> {
  const record = await getDocument(objects, runRecordKey(DATASET, runId), RunRecord);
  return record.status === 'promoted' ? undefined : `${record.status}: ${record.why.join('; ')}`;
}
