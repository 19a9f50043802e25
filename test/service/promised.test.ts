import { expect, test } from '@jest/globals';
import { promised } from '../../service/console/parts/promised.ts';

test.each([
  [[], ''],
  [[['frequency', 1, 'month'] as const, ['latency', 1, 'd'] as const], 'every month, within 1 day'],
  [[['frequency', 7, 'days'] as const, ['latency', 36, 'h'] as const], 'every 7 days, within 36 hours'],
  // Minutes or months: nobody knows, so nothing is said for sure.
  [[['latency', 15, 'm'] as const], 'within 15 m'],
  [[['frequency', 'often', undefined] as const], 'every often'],
])('%j is said as people say it: %s', (levels, said) => {
  const sla = levels.map(([property, value, unit]) => ({
    ...{ property, value },
    ...(unit === undefined ? {} : { unit }),
  }));
  expect(promised({ sla })).toBe(said);
});
