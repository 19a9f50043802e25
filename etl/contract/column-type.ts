import type { ColumnType } from '../table/schema.ts';
import type { Path, Problems } from './problems.ts';

/** The ODCS logical types that a column may have. */
export const LOGICAL_TYPES = ['string', 'integer', 'number', 'date', 'timestamp', 'boolean'] as const;
type LogicalType = (typeof LOGICAL_TYPES)[number];

const SIMPLE: Readonly<Record<Exclude<LogicalType, 'number'>, ColumnType>> = {
  string: { kind: 'string' },
  integer: { kind: 'long' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamptz' },
  boolean: { kind: 'boolean' },
};

const DECIMAL = /^(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)$/i;

/**
 * The table type of a logical type. A number is DECIMAL(p,s), or DOUBLE where the contract says so in so many
 * words: money must not become a float by accident.
 */
export function columnType(
  logical: LogicalType,
  physical: string | undefined,
  path: Path,
  problems: Problems,
): ColumnType | undefined {
  if (logical !== 'number') return SIMPLE[logical];
  const at = [...path, 'physicalType'];
  if (physical === undefined) {
    problems.add(
      at,
      'is missing; write DECIMAL(p,s), e.g. DECIMAL(18,2), or DOUBLE if rounding does no harm',
    );
    return undefined;
  }
  if (/^(?:DOUBLE|DOUBLE PRECISION)$/i.test(physical.trim())) return { kind: 'double' };
  const [, p, s] = DECIMAL.exec(physical.trim()) ?? [];
  const [precision, scale] = [Number(p), Number(s)];
  if (p === undefined || precision < 1 || precision > 38 || scale > precision) {
    problems.add(at, `is '${physical}'; write DECIMAL(p,s) with p from 1 to 38 and s from 0 to p, or DOUBLE`);
    return undefined;
  }
  return { kind: 'decimal', precision, scale };
}

/** `decimal(18,2)`, `date`: a type as messages show it. */
export function typeText(type: ColumnType): string {
  if (type.kind === 'decimal') return `decimal(${type.precision},${type.scale})`;
  return type.kind === 'list' ? `list of ${typeText(type.element)}` : type.kind;
}
