import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { count, isMain } from './command.ts';
import { CONTENDER_NAMES, type Contender, runContender, selectContenders } from './contenders.ts';
import type { Measurement } from './measure.ts';
import { openPython, VENV } from './python.ts';
import { formatTable, type Result, type Skipped, summarize } from './report.ts';
import { requireSameWork } from './same-work.ts';
import { openSourceFile, type SourceFile } from './source-file.ts';

const USAGE = `Usage: npm run bench -- [options]

  --rows N         data rows of the CSV (1_000_000)
  --seed S         seed of the CSV (1)
  --only A,B       contenders: ${CONTENDER_NAMES.join(', ')} (all)
  --repeat R       runs of each, the median counts (3; row-by-row 1)
  --loop-rows N    rows for row-by-row, or 'all' (the smaller of --rows and 500_000)
  --json FILE      write the results there, too
  --work DIR       where the CSV and the contenders' output go (bench/out)
  --keep           leave the CSV and the output there; a CSV that is there is used again

pandas and polars need Python 3.11 or later; their packages are installed into bench/out/venv at first.`;

interface BenchOptions {
  readonly rows: number;
  readonly seed: number;
  readonly loopRows: number;
  readonly contenders: readonly Contender[];
  /** The interpreter for contenders in Python. */
  readonly python: string;
  /** Undefined: once for slow contenders, three times for the others. */
  readonly repeat: number | undefined;
  readonly directory: string;
  readonly keep: boolean;
}

/** A contender with the file it reads and the runs it has had. */
interface Entry {
  readonly contender: Contender;
  readonly source: SourceFile;
  readonly repeat: number;
  readonly runs: Measurement[];
}

/** Measures every contender, round by round so that none has the quiet hour to itself, and cleans up. */
async function bench(options: BenchOptions): Promise<Result[]> {
  mkdirSync(options.directory, { recursive: true });
  const sources = new Map<number, SourceFile>();
  try {
    const entries = options.contenders.map((contender) => prepare(contender, options, sources));
    const rounds = Math.max(...entries.map(({ repeat }) => repeat));
    for (let round = 0; round < rounds; round++) {
      for (const entry of entries) {
        if (round < entry.repeat) await runOnce(entry, options);
      }
    }
    return entries.map(({ contender, source, runs }) =>
      summarize(contender.name, runs, miscounts(contender, source, runs)),
    );
  } finally {
    if (!options.keep) for (const source of sources.values()) source.remove();
  }
}

function prepare(contender: Contender, options: BenchOptions, sources: Map<number, SourceFile>): Entry {
  const slow = contender.pace === 'slow';
  const rows = slow ? options.loopRows : options.rows;
  const source = sources.get(rows) ?? openSourceFile(options.directory, rows, options.seed);
  sources.set(rows, source);
  return { contender, source, repeat: options.repeat ?? (slow ? 1 : 3), runs: [] };
}

async function runOnce({ contender, source, runs }: Entry, options: BenchOptions): Promise<void> {
  const out = join(options.directory, contender.name);
  rmSync(out, { recursive: true, force: true });
  try {
    const run = await runContender(contender, { file: source.path, out, python: options.python });
    runs.push(run);
    console.error(`${contender.name}: ${run.rows} rows in ${run.durationMs} ms`);
  } finally {
    if (!options.keep) rmSync(out, { recursive: true, force: true });
  }
}

/** Where the runs' counts differ from the generator's, one text for each count. */
function miscounts(contender: Contender, { expected }: SourceFile, runs: readonly Measurement[]): string[] {
  const exact = ['rows', 'silver', 'rejected', 'duplicates'] as const;
  const fields = contender.counts === 'exact' ? exact : (['rows'] as const);
  return fields.flatMap((field) => {
    const wrong = runs.find((run) => run[field] !== expected[field]);
    return wrong === undefined ? [] : [`${field} ${wrong[field]}, not ${expected[field]}`];
  });
}

/** The interpreter for those in Python, the contenders that can run, and why others can't. */
function prepareLanguages(contenders: readonly Contender[]) {
  const inPython = contenders.filter(({ language }) => language === 'python');
  const python = inPython.length === 0 ? undefined : openPython(VENV);
  if (python?.kind !== 'absent') return { contenders, python: python?.program ?? '', skipped: [] };
  return {
    contenders: contenders.filter(({ language }) => language !== 'python'),
    python: '',
    skipped: inPython.map(({ name }): Skipped => ({ contender: name, why: python.why })),
  };
}

function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    threads: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    /** Before the first run: what others were doing. */
    load: loadavg()[0] ?? 0,
  };
}

const ARGUMENTS = {
  rows: { type: 'string', default: '1_000_000' },
  seed: { type: 'string', default: '1' },
  only: { type: 'string', default: '' },
  repeat: { type: 'string' },
  'loop-rows': { type: 'string' },
  json: { type: 'string' },
  work: { type: 'string', default: 'bench/out' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: ARGUMENTS });
  if (values.help) return console.log(USAGE);
  const rows = count('--rows', values.rows);
  const loopRows = values['loop-rows'] ?? String(Math.min(rows, 500_000));
  const selected = selectContenders(values.only.split(',').filter((name) => name !== ''));
  const { skipped, ...languages } = prepareLanguages(selected);
  const options = {
    rows,
    seed: count('--seed', values.seed),
    loopRows: loopRows === 'all' ? rows : count('--loop-rows', loopRows),
    ...languages,
    repeat: values.repeat === undefined ? undefined : Math.max(1, count('--repeat', values.repeat)),
    directory: resolve(values.work),
    keep: values.keep,
  };
  const inPython = options.contenders.filter(({ language }) => language === 'python');
  if (inPython.length > 0) await requireSameWork(inPython, options.python);
  const before = machine();
  const results = await bench(options);
  console.log(formatTable(results, rows, skipped));
  if (values.json !== undefined) {
    const { seed } = options;
    writeFileSync(
      values.json,
      `${JSON.stringify({ machine: before, rows, seed, results, skipped }, null, 2)}\n`,
    );
  }
  if (results.some((result) => result.miscounts.length > 0)) process.exitCode = 1;
}

if (isMain(import.meta.url)) await main();
