import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initLake } from '../../adapters/local/lake.ts';
import { generateFile } from '../generate.ts';
import { CONTRACTS, DATASET, type Pass, runPasses } from './passes.ts';
import {
  compareStages,
  medianPass,
  multiple,
  type ScaleOptions,
  type Section,
  seconds,
  whole,
} from './section.ts';

const ROWS_PER_FILE = 100;
const CLI = join(import.meta.dirname, '..', '..', 'cli', 'assay.mjs');

/** Many small files in one run, against one file of the same records. */
export async function measureManyFiles(files: number, options: ScaleOptions): Promise<Section> {
  const root = join(options.directory, 'many-files');
  const [one, many] = [join(root, 'one'), join(root, 'many')];
  const rows = files * ROWS_PER_FILE;
  try {
    const source = join(one, 'all.csv');
    const { silver } = generateFile({ rows, seed: 1, months: 12 }, source);
    split(source, many);
    const startMs = startupMs();
    const measured = {
      one: medianPass(await passesOf(one, { root, startMs, repeat: options.repeat })),
      many: medianPass(await passesOf(many, { root, startMs, repeat: options.repeat })),
    };
    for (const pass of Object.values(measured)) {
      if (pass.silver !== silver) throw new Error(`${pass.silver} of ${silver} records went to Silver.`);
    }
    const names = [`one file of ${whole(rows)} rows`, `${whole(files)} files of ${ROWS_PER_FILE}`] as const;
    const stages = { [names[0]]: measured.one.stages, [names[1]]: measured.many.stages };
    const ratio = measured.many.durationMs / measured.one.durationMs;
    return {
      tables: [compareStages('Many small files in one run', stages)],
      goals: [multiple(`${names[1]} in one run against ${names[0]} (time)`, ratio, 4)],
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Writes the file's records to files of a hundred each, all under its header. */
function split(file: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const [header, ...records] = readFileSync(file, 'latin1').trimEnd().split('\n');
  for (let first = 0, n = 0; first < records.length; first += ROWS_PER_FILE, n++) {
    const lines = [header, ...records.slice(first, first + ROWS_PER_FILE)].join('\n');
    writeFileSync(join(folder, `part-${String(n).padStart(5, '0')}.csv`), `${lines}\n`);
  }
}

/** How one side is measured. */
interface Side {
  /** Where its lake goes. */
  readonly root: string;
  /** How long the command line takes to start. */
  readonly startMs: number;
  readonly repeat: number;
}

/** Ingests a folder by the command line, as a user would, and runs what is pending. */
async function passesOf(folder: string, { root, startMs, repeat }: Side): Promise<Pass[]> {
  const lake = join(root, 'lake');
  const passes: Pass[] = [];
  for (let i = 0; i < repeat; i++) {
    rmSync(lake, { recursive: true, force: true });
    await initLake(lake);
    const args = ['ingest', folder, '--dataset', DATASET, '--lake', lake, '--contracts', CONTRACTS, '--json'];
    const ingestMs = timeCli(args) - startMs;
    const [pass] = await runPasses(lake, []);
    if (pass === undefined) throw new Error('The run printed nothing.');
    const stages = pass.stages.map((cost) => (cost.stage === 'ingest' ? { ...cost, ms: ingestMs } : cost));
    passes.push({ ...pass, stages, durationMs: pass.durationMs + ingestMs });
    console.error(`${folder}: ${seconds(ingestMs)} s to ingest, ${seconds(pass.durationMs)} s to promote`);
  }
  return passes;
}

/** The shortest of three starts that do nothing. */
const startupMs = (): number => Math.min(...[1, 2, 3].map(() => timeCli(['--help'])));

function timeCli(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`assay ${args[0]} failed: ${stderr}`);
  return performance.now() - started;
}
