import { createHash } from 'node:crypto';
import type { ColumnCheck, ContractColumn, ReasonCode, SourceContract } from '../../etl/contract/contract.ts';
import type { RawField } from './parse-fields.ts';
import type { OracleRecord } from './parse-records.ts';
import { readValue, type Value } from './read-value.ts';

/** A reason as far as the oracle tells it. */
export interface OracleReason {
  readonly column: string | null;
  readonly code: ReasonCode;
}

/** What should become of a record. */
export type Judgement =
  | { readonly verdict: 'silver'; readonly hash: string; readonly values: readonly (Value | null)[] }
  | { readonly verdict: 'failed'; readonly hash: string; readonly reasons: readonly OracleReason[] }
  | { readonly verdict: 'blank' };

const EDGE_BLANKS = /^[ \t\r\n\u00a0]+|[ \t\r\n\u00a0]+$/g;

/** Judges a record on its own: attempts, history and duplicates are others' business. `fields` maps columns to fields. */
export function judge(
  record: OracleRecord,
  contract: SourceContract,
  fields: readonly (number | undefined)[],
): Judgement {
  if (record.kind === 'blank') return { verdict: 'blank' };
  if (record.kind === 'broken') {
    return {
      verdict: 'failed',
      hash: record.hash ?? sha256(record.text),
      reasons: [{ column: null, code: 'STRUCTURE_ERROR' }],
    };
  }
  const raw = fields.map((field) => (field === undefined ? null : (record.fields[field] ?? null)));
  const hash = rowHash(raw);
  const reasons: OracleReason[] = [];
  const textAt = (n: number): string | null =>
    textOf(raw[n] ?? null, [...contract.csv.nullValues, ...(contract.columns[n]?.nullValues ?? [])]);
  const values = contract.columns.map((column, n) => {
    const zone = contract.columns.findIndex(({ name }) => name === column.timezone?.column);
    const { value, codes } = judgeColumn(textAt(n), column, zone === -1 ? null : textAt(zone));
    for (const code of codes) reasons.push({ column: column.name, code });
    return value;
  });
  if (reasons.length === 0) return { verdict: 'silver', hash, values };
  const isBlank = record.fields.every((field) => /^[ \t]*$/.test(field ?? ''));
  return isBlank ? { verdict: 'blank' } : { verdict: 'failed', hash, reasons };
}

/** SHA-256 over the raw values in contract order; NULLs at the end don't count. */
export function rowHash(raw: readonly RawField[]): string {
  const marked = raw.map((value) => (value === null ? '' : `=${value}`));
  return sha256(marked.join('\0').replace(/\0+$/, ''));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The trimmed text, null where it says that there is no value. */
function textOf(raw: RawField, nullValues: readonly string[]): string | null {
  const text = (raw ?? '').replace(EDGE_BLANKS, '');
  return text === '' || nullValues.includes(text) ? null : text;
}

function judgeColumn(
  text: string | null,
  column: ContractColumn,
  zone: string | null,
): { value: Value | null; codes: ReasonCode[] } {
  if (text === null) return { value: null, codes: column.required ? ['NULL_VALUE'] : [] };
  const reading = readValue(text, column, zone);
  if (reading.kind === 'fault') return { value: null, codes: [reading.code] };
  const { value } = reading;
  return { value, codes: column.checks.flatMap((check) => checkCode(check, value, column)) };
}

function checkCode(check: ColumnCheck, value: Value, column: ContractColumn): ReasonCode[] {
  switch (check.kind) {
    case 'values':
      return check.values.includes(String(value)) ? [] : ['DOMAIN_ERROR'];
    case 'pattern':
      return new RegExp(`^(?:${check.pattern})$`, 'u').test(String(value)) ? [] : ['FORMAT_ERROR'];
    case 'length': {
      const length = [...String(value)].length;
      return length < (check.min ?? 0) || length > (check.max ?? Number.MAX_VALUE) ? ['RANGE_ERROR'] : [];
    }
    case 'range': {
      const low = check.min === undefined ? 1 : compare(value, boundOf(check.min, column));
      const high = check.max === undefined ? -1 : compare(value, boundOf(check.max, column));
      const below = low < 0 || (low === 0 && check.exclusiveMin);
      const above = high > 0 || (high === 0 && check.exclusiveMax);
      return below || above ? ['RANGE_ERROR'] : [];
    }
  }
}

/** A bound of the contract, in the form of the column's values. */
function boundOf(text: string, { type }: ContractColumn): Value {
  if (type.kind === 'long') return BigInt(text);
  if (type.kind === 'double') return Number(text);
  if (type.kind === 'timestamptz') return text.replace(/\.(\d{3})Z$/, '.$1000Z');
  if (type.kind !== 'decimal') return text;
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(type.scale, '0'));
}

function compare(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
