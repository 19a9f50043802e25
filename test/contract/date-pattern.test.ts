import { describe, expect, test } from '@jest/globals';
import { ambiguousPatterns, patternGap, readDatePattern } from '../../etl/contract/date-pattern.ts';

const parts = (pattern: string) => {
  const read = readDatePattern(pattern);
  if (read.kind === 'wrong') throw new Error(read.message);
  return read.parts;
};
const wrong = (pattern: string) => {
  const read = readDatePattern(pattern);
  return read.kind === 'wrong' ? read.message : undefined;
};

describe('a date pattern', () => {
  test('is split into digits, words and plain text', () => {
    expect(parts("d-MMM-yy 'at' HH:mm''XXX")).toEqual([
      { kind: 'digits', field: 'day', min: 1, max: 2 },
      { kind: 'literal', text: '-' },
      { kind: 'text', field: 'monthName', long: false },
      { kind: 'literal', text: '-' },
      { kind: 'digits', field: 'shortYear', min: 2, max: 2 },
      { kind: 'literal', text: ' ' },
      { kind: 'literal', text: 'at' },
      { kind: 'literal', text: ' ' },
      { kind: 'digits', field: 'hour', min: 2, max: 2 },
      { kind: 'literal', text: ':' },
      { kind: 'digits', field: 'minute', min: 2, max: 2 },
      { kind: 'literal', text: "'" },
      { kind: 'text', field: 'offset', long: true },
    ]);
  });

  test.each([
    [
      'YYYY-MM-dd',
      "has 'YYYY', which Assay doesn't read; write yyyy, and put plain text between single quotes",
    ],
    [
      'yyy-MM-dd',
      "has 'yyy', which Assay doesn't read; write yyyy, and put plain text between single quotes",
    ],
    ["dd 'of MM", "has a single quote that nothing closes; write '' for a quote"],
    ['%d/%m', "uses strftime's %; write the JDK's letters, e.g. dd/MM/yyyy"],
  ])('%s is refused', (pattern, message) => {
    expect(wrong(pattern)).toBe(message);
  });

  test.each([
    ['dd/MM/yyyy', 'date', undefined],
    ["dd/MM/yyyy '00:00'", 'date', undefined],
    ['EEE dd MMM yyyy', 'date', undefined],
    ['dd/MM/yyyy MMM', 'date', 'names the month twice; write it once'],
    ['yyyy-MM', 'date', undefined],
    ['MMM yyyy', 'date', undefined],
    ['yyyy', 'date', 'has no month; add it'],
    ['EEE MMM yyyy', 'date', 'has a weekday and no day; add the day'],
    ['yyyy-MM', 'timestamptz', 'has no day; add it'],
    ['dd/MM/yyyy', 'timestamptz', 'has no hour; add it'],
    ['dd/MM/yyyy HH:mm', 'timestamptz', undefined],
    ['dd/MM/yyyy hh:mm', 'timestamptz', 'needs h and a together, or H alone'],
    ['dd/MM/yyyy hh:mm a', 'timestamptz', undefined],
  ] as const)('%s of a %s lacks %j', (pattern, type, gap) => {
    expect(patternGap(parts(pattern), type)).toBe(gap);
  });
});

describe('ambiguous patterns', () => {
  test.each([
    [['dd/MM/yyyy', 'MM/dd/yyyy']],
    [['d/M/yyyy', 'MM/dd/yyyy']],
    [['yyyyMMdd', 'ddMMyyyy']],
    [['dd-MM-yy', 'yy-MM-dd']],
  ])('%j', (patterns) => {
    expect(ambiguousPatterns(patterns)).toEqual(patterns);
  });

  test.each([
    [['dd/MM/yyyy', 'dd/MM/yy', 'd/M/yyyy', 'yyyy/MM/dd']],
    [['dd/MM/yyyy', 'MM-dd-yyyy']],
    [['dd-MMM-yy', 'dd-MMM-yyyy', 'd-MMM-yyyy', 'yyyy-MM-dd']],
  ])('not %j', (patterns) => {
    expect(ambiguousPatterns(patterns)).toBeUndefined();
  });
});
