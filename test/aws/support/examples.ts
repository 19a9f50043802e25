import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type GenerateOptions, generate } from '../../../bench/generate.ts';
import { ROOT } from './python.ts';

/** The real files of the Leeds series in examples/, unmodified, by name. */
export async function leedsFiles(): Promise<Record<string, Uint8Array>> {
  const folder = path.join(ROOT, 'examples/spend/council_payments');
  const names = (await readdir(folder)).sort();
  const bodies = await Promise.all(names.map((name) => readFile(path.join(folder, name))));
  return Object.fromEntries(names.map((name, n) => [name, bodies[n] ?? new Uint8Array()]));
}

/** A file of generated transactions, and how many of its records are good. */
export function transactionsFile(options: GenerateOptions): {
  readonly body: string;
  readonly silver: number;
} {
  let body = '';
  const { silver } = generate(options, (text) => {
    body += text;
  });
  return { body, silver };
}

/** Sum of decimal texts, exact, with two digits. */
export function sumOf(texts: readonly string[]): string {
  const cents = texts.reduce((sum, text) => sum + BigInt(text.replace('.', '')), 0n);
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
