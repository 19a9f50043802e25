import { join } from 'node:path';
import { openLake } from '../../adapters/local/lake.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { type Measurement, measure } from '../measure.ts';
import { outputOf } from '../output-of.ts';
import { nowMs, type Stopwatch, startStopwatch } from './stopwatch.ts';
import { type CallCost, costOfStages, longestCalls, type StageCost } from './timeline.ts';

/** One file, or what is pending, from ingest until it is promoted. */
export interface Pass extends Measurement {
  readonly stages: readonly StageCost[];
  readonly longest: readonly CallCost[];
}

/** The dataset and the folder of the one contract that is measured. */
export const DATASET = 'mortgages.transactions';
export const CONTRACTS = join(import.meta.dirname, '..', '..', 'contracts', 'mortgages');

const LONGEST = 8;

/** Has a process of its own make a pass of each file, one after another; without files, one pass of what is pending. */
export async function runPasses(lake: string, files: readonly string[]): Promise<Pass[]> {
  const script = join(import.meta.dirname, '..', 'scale.ts');
  const args = ['--import', 'tsx', script, '--worker', lake, ...files];
  return JSON.parse(await outputOf(`A pass over ${lake}`, process.execPath, args)) as Pass[];
}

/** What runPasses has the process do: prints the passes as JSON. */
export async function workOn(folder: string, files: readonly string[]): Promise<void> {
  const stopwatch = startStopwatch();
  const lake = await openLake(folder, { contractsDir: CONTRACTS, sqlDir: CONTRACTS });
  const effects = stopwatch.timed(lake.effects);
  const passes: Pass[] = [];
  for (const file of files.length > 0 ? files : [undefined]) {
    const ingest = async (): Promise<void> => {
      if (file === undefined) return;
      await lake.data.addFile(file, bronzeKey(DATASET, '2026-01-01', file), { arrivedMs: Date.now() });
    };
    passes.push(await onePass(stopwatch, ingest, () => runOnce(DATASET, effects)));
  }
  console.log(JSON.stringify(passes));
}

async function onePass(
  stopwatch: Stopwatch,
  ingest: () => Promise<void>,
  run: () => ReturnType<typeof runOnce>,
): Promise<Pass> {
  const startMs = nowMs();
  let ingestedMs = startMs;
  const measured = await measure(async () => {
    await ingest();
    ingestedMs = nowMs();
    const record = await run();
    if (record.status !== 'promoted')
      throw new Error(`the run ended ${record.status}: ${record.why.join('; ')}`);
    const { records, silver, quarantined, condemned } = record.counts;
    return { rows: records, silver, rejected: quarantined + condemned };
  });
  const { stages, calls } = stopwatch.take();
  const ingesting = { stage: 'ingest', startMs, endMs: ingestedMs };
  return {
    ...measured,
    stages: costOfStages([ingesting, ...stages], calls),
    longest: longestCalls(calls, LONGEST),
  };
}
