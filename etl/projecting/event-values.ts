import type { SourceContract } from '../contract/contract.ts';
import { isSealedColumn, isStored } from '../contract/table-columns.ts';
import { identifier } from '../engine/sql.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { ColumnType } from '../table/schema.ts';
import type { EventColumn, EventPlaces } from './fold-runner.ts';

/** The columns of events as code sees them: the contract's own that are stored; envelopes and references are text. */
export function eventColumns({ columns }: Pick<SourceContract, 'columns'>): EventColumn[] {
  return columns.filter(isStored).map((column) => ({
    name: column.name,
    type: isSealedColumn(column) ? { kind: 'string' } : column.type,
  }));
}

/** Where the columns stand that errors name. */
export function eventPlaces({ events }: EventContract, columns: readonly EventColumn[]): EventPlaces {
  const placeOf = (wanted: string): number => columns.findIndex(({ name }) => name === wanted);
  return { version: placeOf(events.version), at: placeOf(events.at), id: placeOf(events.id) };
}

/** SQL of a column's value as batches carry it (EventValue). */
export function eventValueSql({ name, type }: EventColumn): string {
  return valueSql(identifier(name), type);
}

/** Types whose values go as they are. */
const AS_THEY_ARE: ReadonlySet<ColumnType['kind']> = new Set(['string', 'int', 'double', 'boolean']);

/** SQL of such a value of a type. */
export function valueSql(column: string, type: ColumnType): string {
  if (AS_THEY_ARE.has(type.kind)) return column;
  // By way of a plain timestamp: a calendar for time zones would give the same and take twice as long.
  if (type.kind === 'timestamptz')
    return `strftime(make_timestamp(epoch_us(${column})), '%Y-%m-%dT%H:%M:%S.%fZ')`;
  return `CAST(${column} AS VARCHAR)`;
}
