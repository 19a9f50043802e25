import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { initLake } from '../../adapters/local/lake.ts';
import { generateFile } from '../generate.ts';
import { type Pass, runPasses } from './passes.ts';
import {
  longestTable,
  medianPass,
  type ScaleOptions,
  type Section,
  stageTable,
  type Table,
  whole,
} from './section.ts';

const ROWS = 1_000;
const FILES = 21;

/** One small file after another into one lake, by one process: what a file costs that has hardly a record. */
export async function measureSmallFile(options: ScaleOptions): Promise<Section> {
  const root = join(options.directory, 'small-file');
  const lake = join(root, 'lake');
  try {
    const files = Array.from({ length: FILES }, (_, n) => {
      const file = join(root, `${n}.csv`);
      generateFile({ rows: ROWS, seed: n, months: 1, firstRow: n * ROWS }, file);
      return file;
    });
    await initLake(lake);
    const [cold, ...warm] = await runPasses(lake, files);
    const pass = medianPass(warm);
    const longest = pass.stages.toSorted((a, b) => b.ms - a.ms)[0];
    const share = (longest?.ms ?? 0) / pass.durationMs;
    const promoted = pass.stages.findIndex(({ stage }) => stage === 'promote') + 1;
    const queryableMs = pass.stages.slice(0, promoted).reduce((sum, { ms }) => sum + ms, 0);
    return {
      tables: [
        stageTable(
          'One file of 1,000 rows, ingest → queryable, in a process that is warm (median pass)',
          pass.stages,
        ),
        longestTable('What took longest', pass),
        growthTable([cold, ...warm].flatMap((one) => one ?? [])),
      ],
      goals: [
        {
          measure: 'one file of 1,000 rows, ingest → queryable',
          goal: 'nothing dominates',
          reached:
            `${whole(queryableMs)} ms, ${pass.durationMs} ms to the run's end (the first one: ` +
            `${cold?.durationMs} ms); most, ${(share * 100).toFixed(0)} %, in ${longest?.stage}`,
          isMet: share < 0.5,
        },
      ],
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** What a run does after so many others into the same table. */
function growthTable(passes: readonly Pass[]): Table {
  const lines = [1, 5, 10, 15, 20].flatMap((before) => {
    const pass = passes[before];
    if (pass === undefined) return [];
    const sum = (key: 'duckdbCalls' | 'storesCalls'): string =>
      String(pass.stages.reduce((total, stage) => total + stage[key], 0));
    return [[String(before), String(pass.durationMs), sum('duckdbCalls'), sum('storesCalls')]];
  });
  const columns = ['runs before', 'ms', 'statements of DuckDB', "calls of the lake's stores"];
  return { title: 'The same by how many runs went before it', columns, lines };
}
