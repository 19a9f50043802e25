import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { BAD_PER_TEN_THOUSAND, type BadKind, drawBadKind, toBadLine } from './bad-records.ts';
import { count, isMain } from './command.ts';
import { createRandom } from './random.ts';
import { createTransactions, HEADER, type Spread, toLine } from './transactions.ts';

/** What to generate; equal options give equal bytes. */
export interface GenerateOptions extends Spread {
  readonly rows: number;
  readonly seed: number;
  /** Second copies at most; 40 unless said. */
  readonly duplicates?: number;
}

/** What an exact reader finds in the generated file. */
export interface ExpectedCounts {
  readonly rows: number;
  readonly silver: number;
  /** Bad records and second copies together. */
  readonly rejected: number;
  readonly bad: Readonly<Record<BadKind, number>>;
  /** Good records that repeat an earlier good one, byte for byte; no record is repeated twice. */
  readonly duplicates: number;
}

const MAX_DUPLICATES = 40;
const ROWS_PER_DUPLICATE = 500;
const PIECE_CHARS = 1 << 18;

/** Hands the CSV to `write` in pieces of ASCII text and returns what it holds. */
export function generate(options: GenerateOptions, write: (text: string) => void): ExpectedCounts {
  const random = createRandom(options.seed);
  const transaction = createTransactions(random, options);
  const repeats = createRepeats(options.rows, options.duplicates ?? MAX_DUPLICATES);
  const bad = Object.fromEntries(Object.keys(BAD_PER_TEN_THOUSAND).map((kind) => [kind, 0])) as Record<
    BadKind,
    number
  >;
  let duplicates = 0;
  let piece = `${HEADER.join(',')}\n`;
  for (let row = 0; row < options.rows; row++) {
    const repeated = repeats.take(row);
    const kind = repeated === undefined ? drawBadKind(random) : undefined;
    if (repeated !== undefined) {
      duplicates++;
      piece += repeated;
    } else if (kind === undefined) {
      const line = toLine(transaction(row));
      repeats.offer(row, line);
      piece += line;
    } else {
      bad[kind]++;
      piece += toBadLine(transaction(row), kind, random);
    }
    if (piece.length >= PIECE_CHARS) {
      write(piece);
      piece = '';
    }
  }
  write(piece);
  const rejected = duplicates + Object.values(bad).reduce((sum, n) => sum + n, 0);
  return { rows: options.rows, silver: options.rows - rejected, rejected, bad, duplicates };
}

/** Which rows are second copies, and of what. */
interface Repeats {
  /** The line to repeat at this row, if the row is to be a second copy. */
  take(row: number): string | undefined;
  /** Remembers a good line that a later row is to repeat. */
  offer(row: number, line: string): void;
}

/** Spreads a few second copies evenly; the n-th repeats a record from about half as far into the file. */
function createRepeats(rows: number, most: number): Repeats {
  const total = Math.min(most, Math.floor(rows / ROWS_PER_DUPLICATE));
  const step = Math.floor(rows / Math.max(1, total));
  const kept: string[] = [];
  let taken = 0;
  return {
    take: (row) => (taken < total && row === (taken + 1) * step - 1 ? kept[taken++] : undefined),
    offer: (row, line) => {
      if (kept.length < total && row >= Math.floor((kept.length * step) / 2)) kept.push(line);
    },
  };
}

/** Writes the CSV to a file, over what was there, and returns what it holds. */
export function generateFile(options: GenerateOptions, file: string): ExpectedCounts {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'w');
  try {
    return generate(options, (text) => writeAll(descriptor, Buffer.from(text, 'latin1')));
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written);
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
      months: { type: 'string', default: '12' },
    },
  });
  const options = {
    rows: count('--rows', values.rows ?? ''),
    seed: count('--seed', values.seed),
    months: count('--months', values.months),
  };
  const file = values.out ?? `bench/out/transactions-${options.rows}-${options.seed}.csv`;
  console.log(JSON.stringify({ file, ...generateFile(options, file) }, null, 2));
}

if (isMain(import.meta.url)) main();
