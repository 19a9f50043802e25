import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { momentReader } from '../../etl/privacy/cell-moment.ts';
import { readDate } from '../oracle/read-dates.ts';

test('a cell’s time is the one that the oracle reads, by every pattern', () => {
  const patterns = [
    'yyyy-MM-dd',
    'dd/MM/yyyy',
    'd.M.yyyy',
    'dd-MMM-yy',
    'd MMMM yyyy',
    'MM/yyyy',
    'yyyyMMdd',
  ];
  const day = fc.integer({ min: 0, max: 33 }).map((n) => String(n).padStart(2, '0'));
  const month = fc.integer({ min: 0, max: 13 }).map((n) => String(n).padStart(2, '0'));
  const name = fc.constantFrom('Feb', 'feb', 'FEBRUARY', 'May', 'Mai', 'December', 'dec');
  const year = fc.constantFrom('2026', '2024', '1999', '0000', '0001', '10000');
  const fields = fc.record({ day, month, name, year, short: fc.constantFrom('26', '99', '68', '69', '1') });
  const cells = fc.tuple(fc.constantFrom(...patterns), fields, fc.boolean()).map(([pattern, of, isBare]) => {
    const bare = (text: string): string => (isBare ? text.replace(/^0/, '') : text);
    const texts = {
      yyyy: of.year,
      yy: of.short,
      MMMM: of.name,
      MMM: of.name,
      MM: of.month,
      M: bare(of.month),
      dd: of.day,
      d: bare(of.day),
    };
    return {
      pattern,
      cell: pattern.replace(/yyyy|yy|MMMM|MMM|MM|M|dd|d/g, (token) => texts[token as keyof typeof texts]),
    };
  });
  let read = 0;
  fc.assert(
    fc.property(cells, ({ cell, pattern }) => {
      const moment = momentReader({ type: { kind: 'date' }, formats: [pattern] })(` ${cell}\t`);
      const judged = readDate(cell, [pattern], 'day');
      if (judged.kind === 'value') read++;
      expect(moment?.toISOString().slice(0, 10)).toBe(judged.kind === 'value' ? judged.text : undefined);
    }),
    { numRuns: 1000 },
  );
  expect(read).toBeGreaterThan(200);
});

test.each([
  [['dd/MM/yyyy HH:mm'], '05/02/2026 23:59', '2026-02-05T23:59:00.000Z'],
  [['dd/MM/yyyy hh:mm a'], '05/02/2026 12:30 am', '2026-02-05T00:30:00.000Z'],
  [['dd/MM/yyyy hh:mm a'], '05/02/2026 12:30 PM', '2026-02-05T12:30:00.000Z'],
  [['dd/MM/yyyy hh:mm a'], '05/02/2026 13:30 PM', undefined],
  [['EEE, d MMM yyyy HH:mm:ss XX'], 'Thu, 5 Feb 2026 00:30:00 +0100', '2026-02-04T23:30:00.000Z'],
  [['dd/MM/yyyy HH:mm', 'yyyy-MM-dd HH:mm'], '2026-02-05 10:00', '2026-02-05T10:00:00.000Z'],
  [[], '2026-02-05T10:00:00', '2026-02-05T10:00:00.000Z'],
  [[], '2026-02-05 10:00:00.123456-05', '2026-02-05T15:00:00.000Z'],
  [[], '2026-02-05T10:00:00Z', '2026-02-05T10:00:00.000Z'],
  [[], '2026-02-30T10:00:00Z', undefined],
  [[], '2026-02-05', undefined],
])('by %j, %s is %s', (formats, cell, moment) => {
  expect(momentReader({ type: { kind: 'timestamptz' }, formats })(cell)?.toISOString()).toBe(moment);
});
