import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { readPieces } from '../../etl/csv/pieces.ts';
import { recordFormat } from '../../etl/csv/record-format.ts';
import { ByteWindow } from '../../etl/csv/window.ts';
import { arbitraryLine, POINTERS } from './arbitrary-lines.ts';

const JUDGE = fileURLToPath(new URL('judge.py', import.meta.url));
const LINES = Number(process.env.JSONL_LINES ?? 2000);
/** Without the whole record, so that there are unknown members; and with it, where there are none. */
const PARTS = POINTERS.slice(0, -1);

type Judged = [values: (string | null)[], unknown: string | null] | null;

function judged(lines: readonly Buffer[], pointers: readonly string[]): Judged[] {
  const input = JSON.stringify({ pointers, lines: lines.map((line) => line.toString('base64')) });
  const { stdout, stderr } = spawnSync('python3', [JUDGE], { input, encoding: 'utf8', maxBuffer: 1 << 30 });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Judged[];
}

/** What the reader makes of the lines: the same, read from its CSV by csv-parse. */
async function found(lines: readonly Buffer[], pointers: readonly string[]): Promise<Judged[]> {
  const dialect = {
    format: 'jsonl',
    delimiter: ',',
    quote: '"',
    escape: '"',
    encodings: ['utf-8'],
    nullValues: [],
  } as const;
  const format = {
    ...recordFormat(dialect, pointers.length + 1, 1 << 20),
    encodings: dialect.encodings,
    newline: '\n' as const,
    plain: dialect,
    json: { pointers, commas: pointers.map(() => false), keepsUnknown: true },
  };
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  const window = new ByteWindow(inPieces(bytes, 1777));
  const broken = new Set<number>();
  const rows: Judged[] = [];
  for await (const piece of readPieces(window, format, { row: 1, line: 1 })) {
    for (const { row } of piece.broken) broken.add(row - 1);
    // An empty field is NULL, an empty text is in quotes.
    const cells = parse(Buffer.from(piece.bytes), {
      relax_column_count: false,
      skip_empty_lines: false,
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
    }) as (string | null)[][];
    for (const row of cells) rows.push([row.slice(0, -1), row.at(-1) ?? null]);
  }
  return rows.map((row, n) => (broken.has(n) ? null : row));
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([
  ['its values and what is left', PARTS],
  ['the whole record, too', POINTERS],
])('Python reads of each line %s alike, or refuses it, too', async (_, pointers) => {
  const lines = fc.sample(arbitraryLine, LINES).filter((line) => line.toString('latin1').trim() !== '');
  const [ours, theirs] = [await found(lines, pointers), judged(lines, pointers)];
  expect(ours.length).toBe(lines.length);
  const wrong = lines.flatMap((line, n) =>
    JSON.stringify(ours[n]) === JSON.stringify(theirs[n])
      ? []
      : [{ line: line.toString(), ours: ours[n], theirs: theirs[n] }],
  );
  expect(wrong.slice(0, 3)).toEqual([]);
  // Neither side may win by refusing everything.
  const good = theirs.filter((one) => one !== null).length;
  expect(good).toBeGreaterThan(lines.length / 5);
  expect(lines.length - good).toBeGreaterThan(lines.length / 5);
});
