import { GraphQLBoolean, GraphQLFloat, GraphQLInt, type GraphQLScalarType, GraphQLString } from 'graphql';
import type { SqlValue } from '../../etl/engine/engine.ts';
import { valueKind } from '../../etl/query/table-page-type.ts';
import { BigInteger, CalendarDate, DateTime, Decimal, JsonValue } from './scalars.ts';

/** The type in GraphQL of a column, by DuckDB's name for it. */
export function scalarOf(type: string): GraphQLScalarType {
  const kind = valueKind(type);
  switch (kind.kind) {
    case 'number':
      if (type.startsWith('DECIMAL')) return Decimal;
      return type === 'BIGINT' ? BigInteger : GraphQLInt;
    case 'double':
      return GraphQLFloat;
    case 'boolean':
      return GraphQLBoolean;
    case 'date':
      return CalendarDate;
    case 'time':
      return DateTime;
    case 'text':
      return GraphQLString;
    default:
      return JsonValue;
  }
}

/** A value as its type in GraphQL takes it: `2024-05-31 12:00:00+00` → `2024-05-31T12:00:00Z`. */
export function fieldValue(value: SqlValue, type: string): SqlValue {
  if (typeof value !== 'string' || valueKind(type).kind !== 'time') return value;
  return value.replace(' ', 'T').replace(/\+00$/, 'Z');
}
