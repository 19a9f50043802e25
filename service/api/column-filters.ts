import { ConfigError } from '../../etl/errors.ts';
import type { ColumnFilter } from '../../etl/query/table-page-filter.ts';
import type { PageOrder } from '../../etl/query/table-page-order.ts';
import { FILTER_OPS, type FilterOp } from '../../etl/query/table-page-type.ts';

/** `amount.gte=5`, `payer=ACME`, `id.in=["1","2"]` → conditions. Throws ConfigError `FILTER` for what is none. */
export function columnFilters(query: Readonly<Record<string, string>>): ColumnFilter[] {
  return Object.entries(query).map(([key, value]) => {
    const at = key.lastIndexOf('.');
    const [column, name] = at < 0 ? [key, 'eq'] : [key.slice(0, at), key.slice(at + 1)];
    const op = FILTER_OPS.find((one) => one === name);
    if (op === undefined)
      throw new ConfigError(
        'FILTER',
        `'${key}' asks a column for '${name}': write COLUMN=VALUE, or COLUMN.OP=VALUE with ${FILTER_OPS.join(', ')}.`,
      );
    return { column, op, values: valuesOf(key, op, value) };
  });
}

function valuesOf(key: string, op: FilterOp, value: string): readonly string[] {
  if (op !== 'in') return [value];
  const list = jsonOf(value);
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  throw new ConfigError('FILTER', `'${key}' takes a JSON list of texts: ["a","b"].`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `-amount,id` → by amount, greatest first, then by id. */
export function columnOrder(text: string | undefined): PageOrder[] {
  return (text ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('-')
        ? { column: part.slice(1), direction: 'desc' }
        : { column: part, direction: 'asc' },
    );
}
