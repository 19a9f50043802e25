import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { check, rowHash, toEpochMs, toMinorUnits } from '../../bench/row-checks.ts';

test.each([
  ['12', 1200],
  ['-45.5', -4550],
  ['1.15', 115],
  ['0.29', 29],
  ['250000.07', 25_000_007],
])('%s is an amount', (text, minor) => expect(toMinorUnits(text)).toBe(minor));

test.each(['', 'abc', '1.234', '1e3', '.5', '1,5', '--5', ' 1'])('%p is no amount', (text) =>
  expect(toMinorUnits(text)).toBeUndefined(),
);

test('timestamps are UTC unless they name a zone', () => {
  const expected = Date.UTC(2024, 1, 29, 10, 11, 12);
  for (const text of ['2024-02-29T10:11:12Z', '2024-02-29 10:11:12', '2024-02-29T11:11:12+01:00']) {
    expect(toEpochMs(text)).toBe(expected);
  }
});

test.each([
  '2023-02-29T10:11:12Z',
  '2024-13-01T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01',
  'yesterday',
])('%p is no timestamp', (text) => expect(toEpochMs(text)).toBeUndefined());

test('a record gets all its reasons', () => {
  const checked = check(['T1', '', 'abc', 'ZZZ', 'never']);
  const codes = checked.kind === 'failed' ? checked.reasons.map(({ code }) => code) : [];
  expect(codes).toEqual(['NULL_VALUE', 'TYPE_ERROR', 'DOMAIN_ERROR', 'TYPE_ERROR']);
});

test('the hash tells NULL and its neighbours apart', () => {
  const expected = createHash('sha256').update('=T1\0\0=5\0=GBP\0=x').digest('hex');
  expect(rowHash(['T1', '', '5', 'GBP', 'x'])).toBe(expected);
});
