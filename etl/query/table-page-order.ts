import type { Contract } from '../contract/contract.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import type { Layer } from '../naming/datasets.ts';
import type { Place } from './table-page-cursor.ts';
import type { PageColumn } from './table-page-filter.ts';
import { valueKind } from './table-page-type.ts';

/** A column by which rows are ordered; rows without a value in it come last. */
export interface PageOrder {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
}

/** What tells the rows of a table apart: the contract's key, else where they came from. */
export function keyOf(contract: Contract, layer: Layer): readonly string[] {
  const place = ['source_file_id', 'source_row_number'];
  if (layer === 'quarantine' || layer === 'condemned') return ['run_id', ...place];
  return contract.key.length > 0 ? contract.key : place;
}

/**
 * The whole order of a page's rows: the order asked for, then what tells rows apart. Where the reader can't see all of
 * that, every visible column: rows alike in all of those can't be told apart by this reader either.
 */
export function wholeOrder(
  asked: readonly PageOrder[],
  key: readonly string[],
  columns: readonly PageColumn[],
): readonly PageOrder[] {
  const isSeen = key.every((name) => columns.some((column) => column.name === name && !column.isHidden));
  const ordered = columns.filter(({ type }) => valueKind(type).kind !== 'other').map(({ name }) => name);
  const rest = (isSeen ? key : ordered).filter((name) => !asked.some(({ column }) => column === name));
  return [...asked, ...rest.map((column) => ({ column, direction: 'asc' as const }))];
}

/** Throws ConfigError `ORDER` where rows can't be ordered as asked. */
export function checkOrder(asked: readonly PageOrder[], columns: readonly PageColumn[]): void {
  for (const [n, { column: name }] of asked.entries()) {
    const column = columns.find((one) => one.name === name);
    const isSecond = asked.findIndex((one) => one.column === name) < n;
    if (column === undefined || isSecond || column.isHidden || valueKind(column.type).kind === 'other') {
      const why = isSecond
        ? 'twice'
        : column?.isHidden === true
          ? 'whose values are not shown to you'
          : 'which has no order';
      throw new ConfigError('ORDER', `Rows can't be ordered by '${name}', ${why}.`, {
        context: { column: name },
      });
    }
  }
}

/** SQL of an order. */
export const orderSql = (order: readonly PageOrder[]): string =>
  order.map(({ column, direction }) => `${identifier(column)} ${direction} NULLS LAST`).join(', ');

/** SQL of the condition that a row stands at a place or behind it. */
export function fromPlaceSql(
  { values }: Place,
  order: readonly PageOrder[],
  columns: readonly PageColumn[],
): string {
  const parts = order.map(({ column, direction }, n) => {
    const type = columns.find(({ name }) => name === column)?.type ?? 'VARCHAR';
    const [name, value] = [identifier(column), values[n] ?? null];
    // A made-up cursor may hold anything: a value of another type matches no place.
    const at = value === null ? 'NULL' : `TRY_CAST(${literal(value)} AS ${type})`;
    const sign = direction === 'asc' ? '>' : '<';
    return {
      same: `${name} IS NOT DISTINCT FROM ${at}`,
      behind: value === null ? 'false' : `(${name} ${sign} ${at} OR ${name} IS NULL)`,
    };
  });
  const same = parts.map((part) => part.same);
  const ways = parts.map((part, n) => [...same.slice(0, n), part.behind].join(' AND '));
  // Without any order all rows are alike, and each is at every place.
  return [...ways, same.join(' AND ') || 'true'].map((way) => `(${way})`).join(' OR ');
}
