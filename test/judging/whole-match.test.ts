import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { patternFault } from '../../etl/contract/portable-pattern.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { literal } from '../../etl/engine/sql.ts';
import { wholeMatch } from '../../etl/judging/whole-match.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1, memoryLimitMb: 128 });
});
afterAll(() => engine.close());

/** Patterns that contracts may have: patternFault finds nothing wrong with them. */
const PATTERNS = [
  ...[
    '.',
    'a.c',
    '[.]',
    '\\.',
    '\\s',
    '[\\s]',
    '\\S',
    '[\\S]',
    '[^\\s]',
    '[^\\S]',
    '[\\sx]+',
    '\\d',
    '\\D',
    '\\w+',
    '\\W',
  ],
  ...[
    '\\bab\\b',
    'a|b',
    '(a|b)c',
    '[a-c]+',
    '[^a]',
    '[]a]',
    '\\p{L}+',
    '\\p{Lu}',
    '\\P{L}',
    'a{2,3}',
    'a*?',
    '^a$',
    'x?',
    '\\x41',
    '\\t',
  ],
  ...['[-a]', '[a-]', '[\\-a]', 'é', '😀', '.{2}', '[é-ü]'],
].filter((pattern) => patternFault(pattern) === undefined);

const TEXTS = [
  ...[
    '',
    ' ',
    'a',
    'b',
    'ab',
    'ac',
    'bc',
    'abc',
    'aa',
    'aaa',
    'aaaa',
    'A',
    'é',
    'É',
    'ü',
    '😀',
    '😀😀',
    '1',
    '१',
    '_',
    '-',
    '.',
    'x',
  ],
  ...[
    '\n',
    '\r',
    '\t',
    '\f',
    '\v',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\ufeff',
    'a\nc',
    'a\rc',
    'a\u2028c',
    ' x ',
    ' ab ',
  ],
];

test('a shape means to a record alone what it means to the engine of files', async () => {
  expect(PATTERNS.length).toBeGreaterThan(30);
  for (const pattern of PATTERNS) {
    // By their places: the client of DuckDB takes a byte order mark off a text's front.
    const rows = TEXTS.map((text, n) => `(${n}, ${literal(text)})`).join(', ');
    const matched = await engine.integers(
      `SELECT n FROM (VALUES ${rows}) AS t(n, text) WHERE regexp_full_match(text, ${literal(pattern)}) ORDER BY n`,
    );
    const matches = wholeMatch(pattern);
    expect([pattern, [...TEXTS.keys()].filter((n) => matches(TEXTS[n] ?? ''))]).toEqual([pattern, matched]);
  }
});

test('letters of either case stay apart from what stands beside their group', async () => {
  for (const pattern of ['(?i:ab)c', '(?i:a(b)|k)', '(?i:Jan|Feb|Sep)-[0-9]'])
    for (const text of [
      'abc',
      'ABc',
      'ABC',
      'aB',
      'k',
      'K',
      '\u212a',
      '\u017fep-1',
      'xyz',
      'xYz',
      'XYz',
      'JAN-1',
      'feb-2',
      'feb-b',
    ]) {
      const [row] = await engine.rows(
        `SELECT regexp_full_match(${literal(text)}, ${literal(pattern)}) AS is`,
      );
      expect([pattern, text, wholeMatch(pattern)(text)]).toEqual([pattern, text, row?.is]);
    }
});
