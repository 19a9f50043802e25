import { expect, test } from '@jest/globals';
import { type ExpectedTraffic, isExpected } from '../../../stream/signals/expected-traffic.ts';
import { MINUTE_MS } from './making.ts';

/** Monday to Friday by day, and Friday night into Saturday. */
const TRAFFIC: ExpectedTraffic = [
  { days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], from: '08:00', to: '18:00' },
  { days: ['FRI'], from: '22:00', to: '02:00' },
];

test.each([
  ['2026-01-12T08:00:00Z', 5, true],
  ['2026-01-12T07:58:00Z', 5, false],
  ['2026-01-12T17:54:00Z', 5, true],
  ['2026-01-12T17:55:00Z', 5, false],
  ['2026-01-17T12:00:00Z', 5, false],
  ['2026-01-16T23:50:00Z', 60, true],
  ['2026-01-17T01:59:00Z', 0, true],
  ['2026-01-17T02:00:00Z', 0, false],
  ['2026-01-17T22:30:00Z', 0, false],
  ['2026-01-16T01:00:00Z', 0, false],
])('from %s for %i minutes: %p', (from, minutes, isSo) => {
  const fromMs = Date.parse(from);
  expect(isExpected(TRAFFIC, fromMs, fromMs + minutes * MINUTE_MS)).toBe(isSo);
});
