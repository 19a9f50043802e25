import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { usualMomentMs } from '../../etl/privacy/cell-moment.ts';
import { SeenCells } from '../../etl/privacy/seen-cells.ts';

const cellOf = (text: string) => {
  const bytes = Buffer.from(`..${text}.`);
  return { bytes, start: 2, end: bytes.length - 1 };
};

test('what is known of a cell is what was said of the same bytes, of few and of more than are kept', () => {
  const seen = new SeenCells<string>();
  let found = 0;
  for (let round = 0; round < 3; round++)
    for (let n = 0; n < 1_000; n++) {
      const text = `${n % 7 === 0 ? '' : 'ä'}${n * 31}`;
      const known = seen.find(cellOf(text));
      if (known === undefined) seen.add(cellOf(text), text);
      else expect(known).toBe(text);
      found += known === undefined ? 0 : 1;
    }
  // Places follow from a number that is drawn anew each time: where many have neighbouring ones, one has none.
  expect(found).toBeGreaterThan(1_950);
  expect(found).toBeLessThanOrEqual(2_000);
  let lost = 0;
  for (let n = 0; n < 100_000; n++) {
    const text = `c${n}`;
    seen.add(cellOf(text), text);
    if (seen.find(cellOf(text)) !== text) lost++;
  }
  expect(lost).toBeLessThan(1_000);
  for (let n = 0; n < 100_000; n++) {
    const text = `c${n}`;
    const known = seen.find(cellOf(text)) ?? text;
    if (known !== text) throw new Error(`${known} for ${text}`);
  }
  seen.add(cellOf('x'.repeat(1_000)), 'long');
  expect(seen.find(cellOf('x'.repeat(1_000)))).toBeUndefined();
});

test('the usual form of a moment is read as JavaScript reads it, and no other text is', () => {
  const two = (most: number) => fc.nat(most).map((n) => String(n).padStart(2, '0'));
  const parts = fc.tuple(fc.integer({ min: 0, max: 9999 }), two(13), two(33), two(25), two(61), two(61));
  const text = parts.map(
    ([year, month, day, hour, minute, second]) =>
      `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}Z`,
  );
  const damaged = fc
    .tuple(text, fc.nat(19), fc.constantFrom(...'x :-Z9é'))
    .map(([moment, at, sign]) => moment.slice(0, at) + sign + moment.slice(at + 1));
  let usual = 0;
  fc.assert(
    fc.property(fc.oneof(text, damaged), (cell) => {
      const ms = usualMomentMs(cellOf(cell));
      if (Number.isNaN(ms)) return;
      usual++;
      expect(new Date(ms).toISOString().replace('.000', '')).toBe(cell);
    }),
    { numRuns: 2_000 },
  );
  expect(usual).toBeGreaterThan(250);
  expect(usualMomentMs(cellOf('2024-02-28T23:59:59Z'))).toBe(Date.UTC(2024, 1, 28, 23, 59, 59));
});
