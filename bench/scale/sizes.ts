import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { initLake } from '../../adapters/local/lake.ts';
import { openSourceFile } from '../source-file.ts';
import { type Pass, runPasses } from './passes.ts';
import {
  compareStages,
  type Goal,
  gigabytes,
  medianPass,
  multiple,
  type ScaleOptions,
  type Section,
  seconds,
  whole,
} from './section.ts';

const MEMORY_GOAL_BYTES = 1.5e9;
/** Longer passes are not repeated. */
const REPEATED_ROWS = 10_000_000;

/** One file of each size into a lake of its own: does time follow the rows, and memory not? */
export async function measureSizes(rows: readonly number[], options: ScaleOptions): Promise<Section> {
  const sizes: { rows: number; passes: Pass[] }[] = [];
  for (const size of rows) sizes.push({ rows: size, passes: await passesOf(size, options) });
  const lines = sizes.map(({ rows: size, passes }) => {
    const { durationMs, cpuMs } = medianPass(passes);
    return [
      whole(size),
      seconds(durationMs),
      whole((size / durationMs) * 1000),
      seconds(cpuMs),
      gigabytes(peakOf(passes)),
      String(passes.length),
    ];
  });
  const columns = ['rows', 'wall s', 'rows/s', 'CPU s', 'peak GB, highest', 'runs'];
  const stages = sizes.map(({ rows: size, passes }) => [`${whole(size)} rows`, medianPass(passes).stages]);
  const byStage = compareStages('The same by stage', Object.fromEntries(stages));
  return {
    tables: [{ title: 'One file, ingest → promoted', columns, lines }, byStage],
    goals: goalsOf(sizes),
  };
}

async function passesOf(rows: number, { directory, repeat }: ScaleOptions): Promise<Pass[]> {
  const source = openSourceFile(directory, rows, 1);
  const lake = join(directory, 'sizes');
  const passes: Pass[] = [];
  try {
    const times = rows <= REPEATED_ROWS ? repeat : 1;
    for (let i = 0; i < times; i++) {
      rmSync(lake, { recursive: true, force: true });
      await initLake(lake);
      passes.push(...(await runPasses(lake, [source.path])));
      console.error(`${whole(rows)} rows in ${seconds(passes.at(-1)?.durationMs ?? 0)} s`);
    }
    const { silver, rejected } = source.expected;
    const wrong = passes.find((pass) => pass.silver !== silver || pass.rejected !== rejected);
    if (wrong !== undefined) throw new Error(`${wrong.silver} of ${silver} records went to Silver.`);
    return passes;
  } finally {
    rmSync(lake, { recursive: true, force: true });
    source.remove();
  }
}

const peakOf = (passes: readonly Pass[]): number =>
  Math.max(...passes.map(({ peakRssBytes }) => peakRssBytes));

function goalsOf(sizes: readonly { readonly rows: number; readonly passes: readonly Pass[] }[]): Goal[] {
  const peaks = sizes.map(({ passes }) => peakOf(passes));
  const memory = {
    measure: `peak memory, ${sizes.map(({ rows }) => `${rows / 1e6}`).join(', ')} M rows`,
    goal: '< 1.5 GB, flat',
    reached: `${peaks.map(gigabytes).join(', ')} GB`,
    isMet: Math.max(...peaks) < MEMORY_GOAL_BYTES,
  };
  const timeOf = (rows: number): number | undefined => {
    const found = sizes.find((size) => size.rows === rows);
    return found === undefined ? undefined : medianPass(found.passes).durationMs;
  };
  const [one, ten] = [timeOf(1_000_000), timeOf(10_000_000)];
  if (one === undefined || ten === undefined) return [memory];
  return [memory, multiple('10 M rows against 1 M (time)', ten / one, 10.5)];
}
