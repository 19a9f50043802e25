import type { ServiceLevel } from './contract.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Units of ODCS's service levels, in the singular; months and years at their longest. */
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: DAY_MS,
  day: DAY_MS,
  w: 7 * DAY_MS,
  week: 7 * DAY_MS,
  month: 31 * DAY_MS,
  quarter: 92 * DAY_MS,
  y: 366 * DAY_MS,
  year: 366 * DAY_MS,
};

/**
 * How old what is published may be by the contract: one period of its `frequency` and its `latency` together.
 * Undefined where it promises no frequency, or in no unit of time: then nothing is ever too old.
 */
export function promisedAgeMs(sla: readonly ServiceLevel[] = []): number | undefined {
  const period = durationOf(sla, 'frequency');
  return period === undefined ? undefined : period + (durationOf(sla, 'latency') ?? 0);
}

function durationOf(sla: readonly ServiceLevel[], property: string): number | undefined {
  const level = sla.find((one) => one.property.toLowerCase() === property);
  const count = Number(level?.value);
  const unit = (level?.unit ?? '').toLowerCase();
  const unitMs = UNIT_MS[unit] ?? UNIT_MS[unit.replace(/s$/, '')];
  return level === undefined || unitMs === undefined || !(count > 0) ? undefined : count * unitMs;
}
