import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ExpectedCounts, generateFile } from './generate.ts';

/** A generated CSV with what is in it. */
export interface SourceFile {
  readonly path: string;
  readonly expected: ExpectedCounts;
  /** Removes it, unless an earlier run had left it here. */
  remove(): void;
}

/** The CSV of so many rows and this seed in `directory`, generated unless a whole one is there. */
export function openSourceFile(directory: string, rows: number, seed: number): SourceFile {
  const path = join(directory, `transactions-${rows}-${seed}.csv`);
  const countsPath = `${path}.json`;
  if (existsSync(path) && existsSync(countsPath)) {
    const expected = JSON.parse(readFileSync(countsPath, 'utf8')) as ExpectedCounts;
    return { path, expected, remove: () => undefined };
  }
  const partial = `${path}.partial`;
  const expected = generateFile({ rows, seed, months: 12 }, partial);
  renameSync(partial, path);
  writeFileSync(countsPath, `${JSON.stringify(expected)}\n`);
  const remove = (): void => {
    for (const file of [path, countsPath]) rmSync(file, { force: true });
  };
  return { path, expected, remove };
}
