import type { ContractColumn, ProjectionContract } from '../contract/contract.ts';
import type { ColumnType } from '../table/schema.ts';
import type { FoldedRow, FoldedStream } from './fold-runner.ts';

/** A row's values as text, which the engine casts to their types; null where there is none. */
export type RowTexts = readonly (string | null)[];

/** Rows of one stream, or what is wrong with one of them, as the end of a sentence. */
export type CheckedRows =
  | { readonly kind: 'rows'; readonly rows: readonly RowTexts[] }
  | { readonly kind: 'wrong'; readonly what: string };

/**
 * The rows of a stream in the order of the contract's columns. The stream's own column is filled in. What a state has beside
 * the columns is left out; that of a row that `rows` made is a mistake, whose name `tell` says as far as people may see it.
 */
export function checkRows(
  { columns, key }: ProjectionContract,
  { stream, rows, rowsAre }: FoldedStream,
  tell: (name: string) => string,
): CheckedRows {
  const [streamColumn = ''] = key;
  const seen = new Set<string>();
  const made: RowTexts[] = [];
  for (const row of rows) {
    if (typeof row !== 'object' || row === null) return wrong('gave a row that is no object');
    const strange =
      rowsAre === 'state'
        ? undefined
        : Object.keys(row).find((name) => !columns.some((one) => one.name === name));
    if (strange !== undefined)
      return wrong(`gave a row with ${tell(strange)}, which is no column of the contract`);
    const texts: (string | null)[] = [];
    for (const column of columns) {
      const text = column.name === streamColumn ? stream : textOf(column, row);
      if (text === undefined) return wrong(`gave ${column.name} ${strangeValue(column, row)}`);
      if (text === null && column.required)
        return wrong(`gave no ${column.name}, which the contract requires`);
      texts.push(text);
    }
    made.push(texts);
    if (rows.length === 1) break;
    const name = JSON.stringify(key.map((one) => texts[columns.findIndex((column) => column.name === one)]));
    if (seen.has(name)) return wrong(`gave two rows with one ${key.join(', ')}`);
    seen.add(name);
  }
  return { kind: 'rows', rows: made };
}

/** What is wrong with a value that its column doesn't take. */
const strangeValue = ({ name, type }: ContractColumn, row: FoldedRow): string =>
  type.kind === 'string' && typeof row[name] === 'string'
    ? 'a text with half a character: slice it by [...text]'
    : `a value that is no ${type.kind}`;

const wrong = (what: string): CheckedRows => ({ kind: 'wrong', what });

/** A value as text of its column's type; undefined where it is none of that. */
function textOf({ name, type }: ContractColumn, row: FoldedRow): string | null | undefined {
  const value = row[name];
  if (value === null || value === undefined) return null;
  const isOf = FITS[type.kind];
  return isOf?.(value, type) === true ? String(value) : undefined;
}

type Fits = (value: unknown, type: ColumnType) => boolean;
const isWhole = (value: unknown): boolean => typeof value === 'bigint' || Number.isSafeInteger(value);
const within = (value: unknown, bits: bigint): boolean =>
  isWhole(value) && BigInt.asIntN(Number(bits), BigInt(value as bigint)) === BigInt(value as bigint);

const FITS: Readonly<Partial<Record<ColumnType['kind'], Fits>>> = {
  // Half a character, as a slice of a text may leave one, is in no encoding.
  string: (value) => typeof value === 'string' && !/\p{Surrogate}/u.test(value),
  boolean: (value) => typeof value === 'boolean',
  int: (value) => within(value, 32n),
  long: (value) => within(value, 64n),
  double: (value) => typeof value === 'number' && Number.isFinite(value),
  decimal: isDecimal,
  date: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && isDay(value),
  timestamptz: (value) =>
    typeof value === 'string' &&
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/.test(value) &&
    isDay(value.slice(0, 10)) &&
    !Number.isNaN(Date.parse(value)),
};

/** Digits as text, or a whole number, that the column can hold exactly. */
function isDecimal(value: unknown, type: ColumnType): boolean {
  if (type.kind !== 'decimal' || !(typeof value === 'string' || isWhole(value))) return false;
  const [, whole, part = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
  if (whole === undefined) return false;
  const digits = whole.replace(/^0+/, '').length;
  return part.replace(/0+$/, '').length <= type.scale && digits <= type.precision - type.scale;
}

/** Date.parse takes 30 February for 1 March. */
const isDay = (day: string): boolean => {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
};
