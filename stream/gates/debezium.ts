import type { Payload } from '../landing/payload.ts';
import { isoMoment } from '../moment.ts';

/** What a row's change may be: created, updated, deleted, or read by a snapshot. */
const OPERATIONS: ReadonlySet<unknown> = new Set(['c', 'u', 'd', 'r']);

/**
 * What is wrong with the form of a change as Debezium writes it (without schemas): `op` where it is no change of one row
 * (a truncated table, a message), `after` or `before` where the row isn't there, `source` where it doesn't say whence.
 */
export function debeziumFaults(payload: Payload): string[] {
  const { op, before, after, source } = membersOf(payload);
  const row = op === 'd' ? { name: 'before', value: before } : { name: 'after', value: after };
  return [
    ...(OPERATIONS.has(op) ? [] : ['op']),
    ...(isObject(row.value) ? [] : [row.name]),
    ...(isObject(source) ? [] : ['source']),
  ];
}

/** When the change was committed, in ISO 8601; of a row that a snapshot read, when that was. Undefined where it isn't said. */
export function changedAt(payload: Payload): string | undefined {
  const { source } = membersOf(payload);
  const ms: unknown = isObject(source) ? Reflect.get(source, 'ts_ms') : undefined;
  return typeof ms === 'number' && Number.isSafeInteger(ms) && Math.abs(ms) <= MOST_MS
    ? isoMoment(ms)
    : undefined;
}

/** The furthest moment that a date can be. */
const MOST_MS = 8.64e15;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const membersOf = (payload: Payload): Readonly<Record<string, unknown>> =>
  payload.kind === 'json' && isObject(payload.value) ? { ...payload.value } : {};
