import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Measurement } from './measure.ts';

/**
 * Something that is measured: a script, run as `tsx <script> --in FILE --out DIR` in a process of
 * its own. DIR is absent or empty and all its own. The last line of its standard output is a
 * Measurement as JSON, which starts before the first byte of FILE is read; for Assay, it ends when
 * the run is promoted. A contender that fails exits with another code than 0.
 */
export interface Contender {
  readonly name: ContenderName;
  readonly script: string;
  readonly options?: readonly string[];
  /** Slow ones run once, and on a slice of the rows. */
  readonly pace: 'fast' | 'slow';
  /** Whether its counts must be the generator's, or only its number of rows. */
  readonly counts: 'exact' | 'rows';
}

/** As `--only` names them. */
export const CONTENDER_NAMES = ['assay', 'bare-copy', 'bare-copy-tuned', 'row-by-row'] as const;
export type ContenderName = (typeof CONTENDER_NAMES)[number];

const CONTENDERS: readonly Contender[] = [
  { name: 'assay', script: 'bench/assay.ts', pace: 'fast', counts: 'exact' },
  { name: 'bare-copy', script: 'bench/bare-copy.ts', pace: 'fast', counts: 'rows' },
  {
    name: 'bare-copy-tuned',
    script: 'bench/bare-copy.ts',
    options: ['--tuned'],
    pace: 'fast',
    counts: 'rows',
  },
  { name: 'row-by-row', script: 'bench/row-by-row.ts', pace: 'slow', counts: 'exact' },
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
  durationMs: z.number().positive(),
  cpuMs: z.number().nonnegative(),
  peakRssBytes: z.number().int().positive(),
});

/** Runs the contender once in a fresh process; both paths absolute. Throws when it fails. */
export async function runContender(contender: Contender, file: string, out: string): Promise<Measurement> {
  const args = [
    '--import',
    'tsx',
    contender.script,
    '--in',
    file,
    '--out',
    out,
    ...(contender.options ?? []),
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const status = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(String(code ?? signal)));
  });
  if (status !== '0') throw new Error(`${contender.name} failed (${status}). It printed: ${output}`);
  return MEASUREMENT.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
}
