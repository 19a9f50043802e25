import { duckType } from '../../etl/contract/duck-type.ts';
import { identifier } from '../../etl/engine/sql.ts';
import type { ColumnType, TableColumn } from '../../etl/table/schema.ts';

/**
 * Values travel as text, since Trino's JSON has numbers that JavaScript rounds. Each column is made the type that is
 * wanted on either side, so that what doesn't fit is an error there and never another value.
 */

/** The columns of an answer as Trino is to send them: all VARCHAR, in order. */
export function sentColumns(columns: readonly TableColumn[]): string {
  return columns.map(({ name, type }, n) => `${sent(identifier(name), type)} AS c${n}`).join(', ');
}

/** The columns as DuckDB has them from the texts `c0`, `c1` …, in order. */
export function receivedColumns(columns: readonly TableColumn[]): string {
  return columns.map(({ name, type }, n) => `${received(`c${n}`, type)} AS ${identifier(name)}`).join(', ');
}

function sent(column: string, type: ColumnType): string {
  const typed = `CAST(${column} AS ${trinoType(type)})`;
  if (type.kind === 'binary') return `to_hex(${typed})`;
  if (type.kind === 'timestamptz') return `CAST(${typed} AT TIME ZONE 'UTC' AS VARCHAR)`;
  return type.kind === 'string' ? typed : `CAST(${typed} AS VARCHAR)`;
}

function received(column: string, type: ColumnType): string {
  if (type.kind === 'binary') return `unhex(${column})`;
  // `2024-03-01 00:00:00.000000 UTC`.
  const text = type.kind === 'timestamptz' ? `replace(${column}, ' UTC', '+00')` : column;
  return `CAST(${text} AS ${duckType(type)})`;
}

/** Trino's name of a type. */
function trinoType(type: ColumnType): string {
  switch (type.kind) {
    case 'boolean':
    case 'double':
    case 'date':
      return type.kind;
    case 'int':
      return 'integer';
    case 'long':
      return 'bigint';
    case 'string':
      return 'varchar';
    case 'binary':
      return 'varbinary';
    case 'timestamptz':
      return 'timestamp(6) with time zone';
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    default:
      throw new RangeError(`a column of the nested type ${type.kind} is asked of Trino`);
  }
}
