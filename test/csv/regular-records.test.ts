import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PieceFormat } from '../../etl/csv/piece.ts';
import { readRecord } from '../../etl/csv/record.ts';
import { newScan, recordFormat } from '../../etl/csv/record-format.ts';
import { RegularRecords } from '../../etl/csv/regular-records.ts';
import { casesOf } from '../support/cases.ts';

/** Bytes in which all that matters is frequent; texts that are records, so that some pass. */
const BYTES = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('ab,c,d\n', 'a,, \n', '\ta,\u00a0b,c\u00a0\r\n', 'x,y,z\r\n', 'à,b,c\n'),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '"',
          ',',
          '\n',
          '\r',
          '\0',
          ' ',
          '\t',
          'a',
          ';',
          "'",
          '\u00a0',
          'long enough',
        ),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => new TextEncoder().encode(parts.join('')));

const FORMATS = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', ' '),
    quote: fc.constantFrom('"', "'"),
    newline: fc.constantFrom('\n' as const, '\r\n' as const),
    fields: fc.constantFrom(1, 2, 3),
    stray: fc.constantFrom({}, { strayQuotes: 'text' as const }),
  })
  .map(
    ({ newline, fields, stray, ...signs }): PieceFormat => ({
      ...recordFormat({ ...signs, ...stray, escape: signs.quote }, fields, 20),
      encodings: ['utf-8'],
      newline,
      plain: signs,
    }),
  );

/** The records from a place on, as readRecord finds them, each with what makes it regular. */
function recordsOf(bytes: Uint8Array, start: number, limit: number, format: PieceFormat) {
  const records: { start: number; next: number; isRegular: boolean; hasEdgeBlanks: boolean }[] = [];
  for (let at = start; at < limit; ) {
    const scan = newScan();
    if (!readRecord(bytes, at, limit, false, format, scan) || scan.goesOn) break;
    const end = String.fromCharCode(...bytes.subarray(scan.end, scan.next));
    const isQuoted = bytes.subarray(at, scan.end).includes(format.quote);
    const isPlain = scan.problem === undefined && !scan.needsRewriting && !isQuoted;
    const isRegular = isPlain && end === format.newline;
    records.push({ start: at, next: scan.next, isRegular, hasEdgeBlanks: scan.hasEdgeBlanks });
    at = scan.next;
  }
  return records;
}

test('just those records are passed over that readRecord finds regular, up to the first that is not', () => {
  let passed = 0;
  fc.assert(
    fc.property(BYTES, FORMATS, fc.nat(40), (bytes, format, beyond) => {
      const limit = Math.max(0, bytes.length - beyond);
      const regular = new RegularRecords(format);
      regular.pass(bytes, 0, limit);
      const records = recordsOf(bytes, 0, limit, format);
      const isOther = records.findIndex(({ isRegular }) => !isRegular);
      const walked = records.slice(0, regular.rows).map(({ start, next }) => next - start);
      expect(regular.longestBytes).toBe(Math.max(0, ...walked));
      const expected = isOther === -1 ? records : records.slice(0, isOther);
      expect(regular.rows).toBe(expected.length);
      expect(regular.next).toBe(expected.at(-1)?.next ?? 0);
      expect(regular.hasEdgeBlanks).toBe(expected.some(({ hasEdgeBlanks }) => hasEdgeBlanks));
      passed += regular.rows;
    }),
    { numRuns: casesOf(3000) },
  );
  expect(passed).toBeGreaterThan(0);
});

test('a header line again is none of them', () => {
  const bytes = new TextEncoder().encode('1,2\n3,4\nid,no\n5,6\n');
  const isAt = (text: Uint8Array, start: number): boolean => text[start] === 'i'.charCodeAt(0);
  const format = {
    ...recordFormat({ delimiter: ',', quote: '"', escape: '"' }, 2, 100),
    encodings: ['utf-8'],
    newline: '\n',
    plain: { delimiter: ',', quote: '"' },
    repeatedHeader: { isSkipped: true, isAt },
  } as const;
  const regular = new RegularRecords(format);
  regular.pass(bytes, 0, bytes.length);
  expect([regular.rows, regular.next]).toEqual([2, 8]);
});
