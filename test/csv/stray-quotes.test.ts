import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import { readRecord } from '../../etl/csv/record.ts';
import { newScan, recordFormat } from '../../etl/csv/record-format.ts';

/** Records with quotes inside unquoted fields, and whether they can be read where such quotes are text: by hand. */
const FORMAT = recordFormat({ delimiter: ',', quote: '"', escape: '"', strayQuotes: 'text' }, 3, 1_000);
const BROKEN = 'a quote inside an unquoted field';

test.each([
  // A delimiter is missing before the quote: the one within quotes is none.
  ['43.4"Hat, red",x', BROKEN],
  ['43.4"Hat, red"', 'too few fields'],
  ['a,4"Hat, red"', BROKEN],
  ['43.4"Hat ""x"", red",x', BROKEN],
  ['5" pipe,3" pipe,x', undefined],
  ['5",3",x', undefined],
  ['say "yes",or "no",x', undefined],
  ['5" pipe,"quoted, text",3"', BROKEN],
  ['5"",a"b"c,x', undefined],
])('%j: %s', (text, problem) => {
  const bytes = Buffer.from(`${text}\n`);
  const scan = newScan();
  expect(readRecord(bytes, 0, bytes.length, true, FORMAT, scan)).toBe(true);
  expect(scan.problem).toBe(problem);
});
