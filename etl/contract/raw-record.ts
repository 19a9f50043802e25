import type { Layout } from '../csv/layout.ts';
import { NATIVE_ROW_HASH } from '../engine/native-row-hash.ts';
import { literal } from '../engine/sql.ts';
import { GATES_NAME, RESCUED_NAME } from './check-columns.ts';
import { rawName } from './compile-column.ts';
import type { ContractColumn, SourceContract } from './contract.ts';

/**
 * SQL name of a file's field. Every name that isn't the contract's own has a `$`, which no contract column can
 * have: a column called `reasons` or `position` must not meet one of ours.
 */
export const fieldName = (field: number): string => `c$${field}`;

/**
 * The text whose SHA-256 is a record's row_hash: its raw values in contract order, joined by NUL, a value
 * as '=' and its text, a NULL as nothing; NULs at the end fall away, so that a column added later changes
 * no hash of a record without it. No value holds a NUL (the scanner sees to it), so that two records have
 * the same text only if they have the same values.
 */
function hashInput(columns: readonly ContractColumn[]): string {
  const raw = columns.map((_, index) => rawName(index));
  const present = raw.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const marked = raw.map((name) => `coalesce('=' || ${name}, '')`).join(', ');
  // The same text by the shorter way where nothing is NULL, which is nearly always.
  return `CASE WHEN ${present} THEN concat('=', ${raw.join(", chr(0) || '=', ")}) ELSE rtrim(concat_ws(chr(0), ${marked}), chr(0)) END`;
}

/** SQL of a record's row_hash; `isNative` where the engine has the function that takes the raw values as they are. */
export function rowHashSql(columns: readonly ContractColumn[], isNative: boolean): string {
  if (isNative) return `${NATIVE_ROW_HASH}(${columns.map((_, index) => rawName(index)).join(', ')})`;
  return `sha256(${hashInput(columns)})`;
}

/** SQL of a column's raw value: the field that the file has for it, or NULL. */
export function fieldSql(layout: Layout, index: number): string {
  const field = layout.columns[index];
  return field === undefined ? 'CAST(NULL AS VARCHAR)' : fieldName(field);
}

/** The raw values by contract column, and the unknown ones by their header, as they came. */
export function recordJson(contract: SourceContract, layout: Layout): string {
  const pairs = contract.columns.flatMap((column, index) =>
    layout.columns[index] === undefined ? [] : [literal(column.name), rawName(index)],
  );
  const known = new Set(contract.columns.map(({ name }) => name));
  for (const { field, name } of layout.unknown)
    pairs.push(literal(known.has(name) ? `${name}#${field + 1}` : name), fieldName(field));
  if (layout.rescued !== undefined && contract.unknownColumns !== 'ignore')
    pairs.push(literal(RESCUED_NAME), fieldName(layout.rescued));
  if (layout.gates === undefined) return objectSql(pairs);
  // Nearly all events failed no gate: their records say nothing of it.
  const gates = fieldName(layout.gates);
  return `CASE WHEN ${gates} IS NULL THEN ${objectSql(pairs)} ELSE ${objectSql([...pairs, literal(GATES_NAME), gates])} END`;
}

const objectSql = (pairs: readonly string[]): string => `CAST(json_object(${pairs.join(', ')}) AS VARCHAR)`;

/** Unknown columns or members that have a value, as JSON; NULL where none has. */
export function rescuedSql(layout: Layout): string {
  const { rescued } = layout;
  const whole = rescued === undefined ? 'CAST(NULL AS VARCHAR)' : fieldName(rescued);
  if (layout.unknown.length === 0) return whole;
  const fields = layout.unknown.map(({ field }) => fieldName(field));
  const pairs = layout.unknown.flatMap(({ field, name }) => [literal(name), fieldName(field)]);
  const columns = `CASE WHEN coalesce(${fields.join(', ')}) IS NOT NULL THEN CAST(json_object(${pairs.join(', ')}) AS VARCHAR) END`;
  return rescued === undefined ? columns : `coalesce(${whole}, ${columns})`;
}
