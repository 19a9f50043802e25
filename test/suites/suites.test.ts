import { beforeAll, describe, expect, test } from '@jest/globals';
import { isBlank, type ReadRecord, readCases, widthOf } from './read-cases.ts';
import { csvSpectrum, papaParse, type SuiteCase } from './suite-case.ts';

/**
 * Cases in which the suites take a quote inside an unquoted field, or blanks behind a closing quote, for text. Here
 * such a record is broken: a person sees it, and nothing is guessed.
 */
const LENIENT = [
  'location_coordinates',
  'core: Unquoted field with quotes at end of field',
  'core: Quoted field with whitespace around quotes',
  'core: Misplaced quotes in data, not as opening quotes',
  'parse: Quoted fields with spaces between closing quote and next delimiter',
  'parse: Quoted fields with spaces between closing quote and next new line',
  'parse: Quoted fields with spaces after closing quote',
  'parse: Misplaced quotes in data twice, not as opening quotes',
  'parse: Quoted fields with spaces between closing quote and next delimiter and contains delimiter',
  'parse: Quoted fields with spaces between closing quote and newline and contains newline',
];

/** Cases that are read otherwise, and how. */
const OTHERWISE: Readonly<Record<string, readonly ReadRecord[]>> = {
  // Every kind of line end ends a record, whichever came first.
  'parse: Mixed slash n and slash r should choose first as precident': [
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
    ['g', 'h', 'i'],
  ],
};

/** What a suite expects: its rows, those of another width as records that can't be parsed, and no blank ones. */
function expectedOf(one: SuiteCase): ReadRecord[] {
  const content = one.rows.filter((row) => !isBlank(row));
  return content.map((row) => (row.length === widthOf(one) ? row : 'broken'));
}

describe.each([
  ['csv-spectrum', csvSpectrum(), 12],
  ['the tests of Papa Parse', papaParse(), 80],
])('%s', (_, cases, atLeast) => {
  let read: ReadonlyMap<string, ReadRecord[]>;
  beforeAll(async () => {
    read = await readCases(cases);
  });

  test('is there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(atLeast);
    expect(read.size).toBe(cases.length);
  });

  test.each(cases.map((one) => [one.name, one] as const))('%s', (name, one) => {
    const found = read.get(name) ?? [];
    const expected = OTHERWISE[name] ?? expectedOf(one);
    if (one.isMalformed || LENIENT.includes(name)) {
      // Set aside as broken, or as the suite says: no field is taken from a guess.
      const whole = found.filter((record) => record !== 'broken');
      expect(found).toContain('broken');
      expect(expected).toEqual(expect.arrayContaining(whole));
    } else expect(found).toEqual(expected);
  });
});

test('every case that is read otherwise is one of the suites', () => {
  const names = [...csvSpectrum(), ...papaParse()].map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...LENIENT, ...Object.keys(OTHERWISE)]));
  expect(new Set(names).size).toBe(names.length);
});
