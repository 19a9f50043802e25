import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ISO_4217 } from '../etl/contract/iso-4217.ts';
import type { Measurement } from './measure.ts';
import { outputOf } from './output-of.ts';

/**
 * Something that is measured: a script, run as `<language> <script> --in FILE --out DIR` in a process of
 * its own. DIR is absent or empty and all its own. The last line of its standard output is a
 * Measurement as JSON, which starts before the first byte of FILE is read; for Assay, it ends when
 * the run is promoted. A contender that fails exits with another code than 0.
 */
export interface Contender {
  readonly name: ContenderName;
  readonly script: string;
  /** Python's are called with the bench's own interpreter. */
  readonly language: 'typescript' | 'python';
  readonly options?: readonly string[];
  /** Slow ones run once, and on a slice of the rows. */
  readonly pace: 'fast' | 'slow';
  /** Whether its counts must be the generator's, or only its number of rows. */
  readonly counts: 'exact' | 'rows';
  /** Set where it copies the source before it reads it, and all that it writes is on the disk at the end, as Assay does. */
  readonly keepsSource?: true;
}

/** As `--only` names them. */
export const CONTENDER_NAMES = [
  'assay',
  'bare-copy',
  'bare-copy-tuned',
  'row-by-row',
  'pandas',
  'polars',
] as const;
export type ContenderName = (typeof CONTENDER_NAMES)[number];

/** Python can't import the list that the others check against. */
const CURRENCIES = ['--currencies', ISO_4217.join(',')];

const CONTENDERS: readonly Contender[] = [
  { name: 'assay', script: 'bench/assay.ts', language: 'typescript', pace: 'fast', counts: 'exact' },
  { name: 'bare-copy', script: 'bench/bare-copy.ts', language: 'typescript', pace: 'fast', counts: 'rows' },
  {
    name: 'bare-copy-tuned',
    script: 'bench/bare-copy.ts',
    language: 'typescript',
    options: ['--tuned'],
    pace: 'fast',
    counts: 'rows',
  },
  {
    name: 'row-by-row',
    script: 'bench/row-by-row.ts',
    language: 'typescript',
    pace: 'slow',
    counts: 'exact',
  },
  {
    name: 'pandas',
    script: 'bench/python/pandas_pyarrow.py',
    language: 'python',
    options: CURRENCIES,
    pace: 'fast',
    counts: 'exact',
    keepsSource: true,
  },
  {
    name: 'polars',
    script: 'bench/python/polars_lazy.py',
    language: 'python',
    options: CURRENCIES,
    pace: 'fast',
    counts: 'exact',
    keepsSource: true,
  },
];

const ROOT = join(import.meta.dirname, '..');

/** The contenders of these names, or all; throws on a name that is none, or a script that isn't there. */
export function selectContenders(only: readonly string[]): Contender[] {
  const unknown = only.filter((name) => !CONTENDERS.some((contender) => contender.name === name));
  if (unknown.length > 0) {
    throw new Error(`--only knows ${CONTENDER_NAMES.join(', ')}, not '${unknown.join(', ')}'.`);
  }
  const selected = CONTENDERS.filter(({ name }) => only.length === 0 || only.includes(name));
  const absent = selected.find(({ script }) => !existsSync(join(ROOT, script)));
  if (absent !== undefined) throw new Error(`${absent.script} is missing: leave it out with --only.`);
  return selected;
}

const MEASUREMENT = z.object({
  rows: z.number().int().nonnegative(),
  silver: z.number().int().nonnegative(),
  rejected: z.number().int().nonnegative(),
  duplicates: z.number().int().nonnegative().optional(),
  durationMs: z.number().positive(),
  cpuMs: z.number().nonnegative(),
  peakRssBytes: z.number().int().positive(),
});

/** What a contender reads and writes, both paths absolute, and the interpreter for those in Python. */
export interface ContenderRun {
  readonly file: string;
  readonly out: string;
  readonly python: string;
}

/** Runs the contender once in a fresh process. Throws when it fails. */
export async function runContender(contender: Contender, run: ContenderRun): Promise<Measurement> {
  const args = [contender.script, '--in', run.file, '--out', run.out, ...(contender.options ?? [])];
  const [program, before] =
    contender.language === 'python' ? [run.python, ['-B']] : [process.execPath, ['--import', 'tsx']];
  const output = await outputOf(contender.name, program, [...before, ...args], { cwd: ROOT });
  return MEASUREMENT.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
}
