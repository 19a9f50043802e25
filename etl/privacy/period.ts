import type { ServiceLevel } from '../contract/contract.ts';
import { dueAt } from '../operations/promised-time.ts';

/** The month of a moment as envelopes and vault name it: `202611`. */
export function periodOf(moment: Date): string {
  const number = moment.getUTCFullYear() * 100 + moment.getUTCMonth() + 1;
  // One text a month, which maps find sooner than a new one.
  const name = names.get(number) ?? String(number).padStart(6, '0');
  names.set(number, name);
  return name;
}

const names = new Map<number, string>();

/** The month whose key seals a value: of the time that its retention counts from, or of arrival where that is unknown or yet to come. */
export function sealingPeriod(countedFrom: Date | undefined, arrived: Date): string {
  const isKnown = countedFrom !== undefined && Number.isFinite(countedFrom.getTime());
  return periodOf(
    isKnown && countedFrom <= arrived && countedFrom.getTime() >= FIRST_MS ? countedFrom : arrived,
  );
}

/** Years have four digits. */
const FIRST_MS = Date.UTC(1000, 0, 1);

/**
 * When values of a period become unreadable: the retention counts from the month's end, so that no value goes before its
 * time. Undefined where the retention is no length of time.
 */
export function readableUntil(period: string, retention: ServiceLevel): Date | undefined {
  return dueAt(new Date(Date.UTC(Number(period.slice(0, 4)), Number(period.slice(4)), 1)), retention);
}
