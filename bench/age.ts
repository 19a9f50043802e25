import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { initLake, openLake } from '../adapters/local/lake.ts';
import { runAndTend, runDataset } from '../adapters/local/run-dataset.ts';
import { auditDataset } from '../etl/audit/audit-dataset.ts';
import { bronzeKey } from '../etl/naming/bronze.ts';
import type { Effects } from '../etl/ports.ts';
import { AGING, AGING_GOLD, agingFile, writeContracts } from './age/lake.ts';
import { type Aged, measureAge } from './age/measure-age.ts';
import { count, isMain } from './command.ts';

const USAGE = `Usage: npm run bench:age -- [options]

What a run costs that has so many before it: bytes, files, time and memory of a lake that takes five records after five
records, in one process as 'assay watch' does, with a Gold table. The lake's clock goes on by a quarter of an hour a run.

  --runs N       runs (10_000)
  --keep AGE     assay.snapshots.keep of the contract (7d)
  --at-least N   assay.snapshots.atLeast of the contract (20)
  --no-tend      without upkeep
  --work DIR     where the lake goes (bench/out/age)`;

const QUARTER_MS = 15 * 60_000;
const START_MS = Date.UTC(2026, 0, 1);

/** After so many runs it is measured. */
const MARKS = [10, 30, 100, 300, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 100_000];

interface Options {
  readonly runs: number;
  readonly folder: string;
  readonly keep: string;
  readonly atLeast: number;
  readonly tends: boolean;
}

/** Lets a lake grow old, prints what it costs on the way, and audits it at the end. */
async function ageLake({ runs, folder, keep, atLeast, tends }: Options): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const [root, contractsDir] = [join(folder, 'lake'), join(folder, 'contracts')];
  mkdirSync(folder, { recursive: true });
  writeContracts(contractsDir, { keep, atLeast });
  let timeMs = START_MS;
  const clock = { now: () => new Date(timeMs) };
  await initLake(root, clock);
  const { effects } = await openLake(root, { contractsDir, sqlDir: contractsDir, clock });
  const onTrouble = (error: unknown): void => console.error('upkeep:', error);
  let since: Aged = measureAge(root, 0);
  console.log(
    '| runs | MB | files | ms a run | CPU ms a run | resident MB |\n|---:|---:|---:|---:|---:|---:|',
  );
  for (let run = 1; run <= runs; run++) {
    timeMs += QUARTER_MS;
    await dropFile(effects, run);
    const [record] = tends
      ? await runAndTend(AGING, effects, { onTrouble, look: 'last-days' })
      : await runDataset(AGING, effects, { look: 'last-days' });
    if (record?.status !== 'promoted') throw new Error(`run ${run} ended ${record?.status}: ${record?.why}`);
    if (!MARKS.includes(run) && run !== runs) continue;
    const now = measureAge(root, run);
    console.log(lineOf(now, since));
    since = { ...now, wallMs: performance.now() };
  }
  await auditAll(effects);
}

async function dropFile({ objects, clock }: Effects, run: number): Promise<void> {
  const key = bronzeKey(AGING, clock.now().toISOString().slice(0, 10), `f${run}.csv`);
  await objects.put(key, new TextEncoder().encode(agingFile(run)), { ifNoneMatch: '*' });
}

function lineOf(now: Aged, since: Aged): string {
  const runs = now.runs - since.runs;
  const cells = [
    now.runs,
    (now.bytes / 1e6).toFixed(1),
    now.files,
    ((now.wallMs - since.wallMs) / runs).toFixed(0),
    ((now.cpuMs - since.cpuMs) / runs).toFixed(0),
    (now.residentBytes / 1e6).toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function auditAll(effects: Effects): Promise<void> {
  for (const dataset of [AGING, AGING_GOLD]) {
    const { checked, unusedFiles, problems } = await auditDataset(effects, { dataset });
    const verdict = problems.length === 0 ? 'sound' : JSON.stringify(problems.slice(0, 5));
    console.log(
      `${dataset}: ${verdict}; ${checked.records} records, ${checked.snapshots} snapshots, ${unusedFiles} unused files`,
    );
    if (problems.length > 0) process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10_000' },
      keep: { type: 'string', default: '7d' },
      'at-least': { type: 'string', default: '20' },
      'no-tend': { type: 'boolean', default: false },
      work: { type: 'string', default: 'bench/out/age' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await ageLake({
    runs: count('--runs', values.runs),
    folder: resolve(values.work),
    keep: values.keep,
    atLeast: count('--at-least', values['at-least']),
    tends: !values['no-tend'],
  });
}

if (isMain(import.meta.url)) await main();
