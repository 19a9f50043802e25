/** What a column's values are, as far as filters and order go. */
export type ValueKind =
  | { readonly kind: 'number'; readonly scale: number; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'double' | 'boolean' | 'date' | 'time' | 'text' | 'other' };

/** The greatest and the smallest value of DuckDB's integers that tables have. */
const INTEGERS: Readonly<Record<string, number>> = { TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64 };

/** What DuckDB's type of a column holds: `DECIMAL(12,2)` → a number of 2 decimals, with its bounds in hundredths. */
export function valueKind(type: string): ValueKind {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) {
    const max = 10n ** BigInt(precision) - 1n;
    return { kind: 'number', scale: Number(scale), min: -max, max };
  }
  const bits = INTEGERS[type];
  if (bits !== undefined) {
    const half = 2n ** BigInt(bits - 1);
    return { kind: 'number', scale: 0, min: -half, max: half - 1n };
  }
  return { kind: OTHERS[type] ?? 'other' };
}

const OTHERS: Readonly<Record<string, Exclude<ValueKind['kind'], 'number'>>> = {
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIMESTAMPTZ: 'time',
  'TIMESTAMP WITH TIME ZONE': 'time',
  VARCHAR: 'text',
};

/** What can be asked of a column's values. */
export const FILTER_OPS = ['eq', 'in', 'lt', 'lte', 'gt', 'gte', 'isNull', 'contains', 'startsWith'] as const;
export type FilterOp = (typeof FILTER_OPS)[number];

const COMPARED: readonly FilterOp[] = ['eq', 'in', 'lt', 'lte', 'gt', 'gte', 'isNull'];

/** What can be asked of values of a kind. */
export function opsOf({ kind }: ValueKind): readonly FilterOp[] {
  if (kind === 'other') return ['isNull'];
  if (kind === 'boolean') return ['eq', 'isNull'];
  return kind === 'text' ? [...COMPARED, 'contains', 'startsWith'] : COMPARED;
}
