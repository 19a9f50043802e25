import { BLANKS } from '../contract/compile-column.ts';
import type { ContractColumn, ReasonCode } from '../contract/contract.ts';
import type { ColumnType } from '../table/schema.ts';
import { readyChecks } from './check-value.ts';
import { columnReader } from './read-column.ts';
import { type ZonedReading, type ZoneFault, zonedReader } from './read-zoned.ts';
import type { TypedValue } from './value.ts';

/** One thing that is wrong with a column's value. */
export interface Fault {
  readonly rule: string;
  readonly code: ReasonCode;
  /** Whether a reason shows the zone that stands beside the value, and not the value. */
  readonly isOfZone?: true;
}

/** A column's value in one record: NULL where there is none, or none of the type. */
export interface JudgedValue {
  readonly value: TypedValue | undefined;
  readonly faults: readonly Fault[];
}

/** A column, made ready to judge its values. */
export interface ReadyColumn {
  readonly column: ContractColumn;
  /** The trimmed text of a raw value; undefined where it says "no value". */
  textOf(raw: string | null): string | undefined;
  /** Judges a trimmed text; `zone` is that of the column that its zones stand in. */
  judge(text: string | undefined, zone: string | undefined): JudgedValue;
}

/** Makes a column ready; `nullValues` mean "no value" in every column. */
export function readyColumn(column: ContractColumn, nullValues: readonly string[]): ReadyColumn {
  const none = new Set(['', ...nullValues, ...(column.nullValues ?? [])]);
  const checks = readyChecks(column);
  const read = zonedRead(column);
  const missing: JudgedValue = {
    value: undefined,
    faults: column.required ? [{ rule: 'required', code: 'NULL_VALUE' }] : [],
  };
  return {
    column,
    textOf: (raw) => {
      const text = raw === null ? '' : trimmed(raw);
      return none.has(text) ? undefined : text;
    },
    judge: (text, zone) => {
      if (text === undefined) return missing;
      const { reading, fault } = read(text, zone);
      if (fault !== undefined) return { value: undefined, faults: [zoneFault(fault, column)] };
      if (reading.kind !== 'value')
        return { value: undefined, faults: [typeFault(reading.kind, column.type)] };
      const { value } = reading;
      const faults = checks
        .filter((check) => check.fails(value))
        .map(({ rule, code }): Fault => ({ rule, code }));
      return { value, faults };
    },
  };
}

function zonedRead(column: ContractColumn): (text: string, zone: string | undefined) => ZonedReading {
  if (column.timezone !== undefined) return zonedReader(column, column.timezone);
  const read = columnReader(column);
  return (text) => ({ reading: read(text) });
}

const ENDS = new Set(BLANKS);

function trimmed(raw: string): string {
  let [start, end] = [0, raw.length];
  while (start < end && ENDS.has(raw[start] ?? '')) start++;
  while (end > start && ENDS.has(raw[end - 1] ?? '')) end--;
  return raw.slice(start, end);
}

function typeFault(kind: 'other' | 'long' | 'out', type: ColumnType): Fault {
  if (kind === 'other') return { rule: 'type', code: 'TYPE_ERROR' };
  if (kind === 'long') return { rule: 'scale', code: 'FORMAT_ERROR' };
  const isTime = type.kind === 'date' || type.kind === 'timestamptz';
  return { rule: isTime ? 'calendar' : 'precision', code: 'RANGE_ERROR' };
}

function zoneFault(fault: ZoneFault, { timezone }: ContractColumn): Fault {
  switch (fault) {
    case 'none':
      return { rule: 'timezone', code: timezone?.column === undefined ? 'FORMAT_ERROR' : 'NULL_VALUE' };
    case 'unknown':
      return { rule: 'timezone', code: 'DOMAIN_ERROR', isOfZone: true };
    case 'skipped':
      return { rule: 'local_time_skipped', code: 'RANGE_ERROR' };
    case 'repeated':
      return { rule: 'local_time_repeated', code: 'RANGE_ERROR' };
  }
}
