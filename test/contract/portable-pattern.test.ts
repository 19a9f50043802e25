import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { patternFault } from '../../etl/contract/portable-pattern.ts';
import { openDatabase, rowsOf } from './duckdb.ts';

describe('a pattern that RE2 and JavaScript do not share is refused', () => {
  test.each([
    ['(?=a)b', 'lookahead'],
    ['(?!a)b', 'lookahead'],
    ['(?<=a)b', 'lookbehind'],
    ['(?<!a)b', 'lookbehind'],
    ['(a)\\1', 'backreference'],
    ['(?<x>a)\\k<x>', 'named group'],
    ['(?P<x>a)', 'named group'],
    ['\\u0041', '\\u'],
    ['\\cA', '\\c'],
    ['[[:alpha:]]', 'POSIX class'],
    ['[]a]', 'empty character class'],
    ['[^]', 'empty character class'],
    ['a{1001}', 'more than 1000'],
    ['a{1,2000}', 'more than 1000'],
    ['\\p{Letter}', 'no general category'],
    ['\\p{Script=Greek}', 'no general category'],
    ['(a', 'is not a regular expression'],
    ['a**', 'is not a regular expression'],
  ])('%s', (pattern, why) => {
    expect(patternFault(pattern)).toContain(why);
  });
});

const SHARED = [
  '^[A-Z]{2}\\d{4}$',
  '[(?=]+',
  '\\\\1',
  'a|b',
  '\\p{Lu}\\p{L}*',
  '[^\\d.,-]+',
  '(?:ab)+?c?',
  '[a-c]{0,3}\\.[xyz]*',
  '(a|b)(c|d)',
  '[:][:;]?',
  '[\\[a]',
];

test('a pattern that passes means the same in DuckDB', async () => {
  const connection = await openDatabase();
  for (const pattern of SHARED) {
    expect(patternFault(pattern)).toBeUndefined();
    const texts = fc.sample(fc.oneof(fc.stringMatching(new RegExp(pattern, 'u')), fc.string()), {
      numRuns: 40,
      seed: 7,
    });
    const usable = texts.filter((text) => !/[\0\n\r\u2028\u2029]/.test(text));
    const quoted = usable.map((text) => `('${text.replaceAll("'", "''")}')`);
    const literal = pattern.replaceAll("'", "''");
    const rows = await rowsOf(
      connection,
      `SELECT regexp_full_match(t, '${literal}') AS hit FROM (VALUES ${quoted.join(', ')}) v(t)`,
    );
    const whole = new RegExp(`^(?:${pattern})$`, 'u');
    expect(rows.map(({ hit }) => hit)).toEqual(usable.map((text) => String(whole.test(text))));
  }
});
