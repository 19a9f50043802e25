import { describe, expect, test } from '@jest/globals';
import { periodOf, readableUntil, sealingPeriod } from '../../etl/privacy/period.ts';

const ARRIVED = new Date('2026-11-29T10:00:00Z');
const at = (text: string): Date => new Date(text);

describe('the period of a value', () => {
  test.each([
    ['the month that its retention counts from', at('2024-02-29T23:59:59Z'), '202402'],
    ['in UTC', at('2024-03-01T00:30:00+01:00'), '202402'],
    ['that of arrival where the time is unreadable', undefined, '202611'],
    ['that of arrival where the time is no time', new Date(Number.NaN), '202611'],
    ['that of arrival where the time is yet to come', at('2026-11-29T10:00:01Z'), '202611'],
    ['that of arrival where a year has not four digits', at('0024-01-01T00:00:00Z'), '202611'],
    ['the first that has a year of four digits', at('1000-01-01T00:00:00Z'), '100001'],
  ])('is %s', (_, countedFrom, period) => {
    expect(sealingPeriod(countedFrom, ARRIVED)).toBe(period);
  });

  test('has a name that envelopes have', () => {
    expect([at('2026-01-01T00:00:00Z'), at('2026-12-31T23:59:59.999Z')].map(periodOf)).toEqual([
      '202601',
      '202612',
    ]);
  });
});

test.each([
  ['202401', 6, 'y', '2030-02-01T00:00:00.000Z'],
  ['202412', 6, 'y', '2031-01-01T00:00:00.000Z'],
  ['202402', 30, 'd', '2024-03-31T00:00:00.000Z'],
  ['202401', 1, 'month', '2024-03-01T00:00:00.000Z'],
  ['202401', 1, 'm', undefined],
])('values of %s that are kept %s %s are readable until %s', (period, value, unit, until) => {
  expect(readableUntil(period, { property: 'retention', value, unit })?.toISOString()).toBe(until);
});
