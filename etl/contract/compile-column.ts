import { identifier, literal } from '../engine/sql.ts';
import type { ColumnType } from '../table/schema.ts';
import { escapeShape } from './compile-dates.ts';
import { looseNumberShape, numberShape, numberSql, plainSql } from './compile-numbers.ts';
import { FAULT, offsetName } from './compile-zones.ts';
import type { ColumnCheck, ContractColumn, ReasonCode } from './contract.ts';
import { dateShape, dateSql } from './date-sql.ts';
import { duckType } from './duck-type.ts';

/** One way in which a column's value can fail: `fails` is SQL, true where it does. */
export interface Failure {
  readonly rule: string;
  readonly code: ReasonCode;
  readonly fails: string;
  /** Whether a reason shows the zone that stands beside the value, and not the value. */
  readonly isOfZone?: true;
}

const TRUE_TEXTS = ['true', 'yes', 'y', 't', '1'];
const FALSE_TEXTS = ['false', 'no', 'n', 'f', '0'];

/** Characters that are no part of a value at its ends: ASCII blanks and the no-break space. */
export const BLANKS = ' \t\r\n\u00a0';

/** SQL names of a column on its way: raw text, trimmed text or NULL, typed value. */
export const rawName = (index: number): string => `"r$${index}"`;
export const textName = (index: number): string => `"t$${index}"`;

/** The trimmed text, NULL where it says "no value"; trimming costs a fifth of the time, and most sources need none. */
export function textSql(raw: string, nullValues: readonly string[], hasEdgeBlanks: boolean): string {
  const trimmed = hasEdgeBlanks ? `trim(${raw}, ${literal(BLANKS)})` : raw;
  if (nullValues.length === 0) return `nullif(${trimmed}, '')`;
  return `CASE WHEN ${isOneOf(trimmed, ['', ...nullValues])} THEN NULL ELSE ${trimmed} END`;
}

/** The typed value, NULL where the text isn't one of the column's type. */
export function valueSql(column: ContractColumn, text: string): string {
  const { type } = column;
  switch (type.kind) {
    case 'string':
      return text;
    case 'boolean':
      return `CASE WHEN ${isOneOf(`lower(${text})`, TRUE_TEXTS)} THEN true WHEN ${isOneOf(`lower(${text})`, FALSE_TEXTS)} THEN false END`;
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return numberValueSql(column, text);
    case 'date':
    case 'timestamptz':
      return dateSql(text, column.formats, type.kind);
    default:
      throw new RangeError(`a source column can't be a ${type.kind}`);
  }
}

function numberValueSql({ number, type }: ContractColumn, text: string): string {
  const plain = plainSql(text, number);
  return `CASE WHEN ${matches(plain, numberShape(number, type))} THEN ${numberSql(plain, number, type)} END`;
}

/** Every way in which the column can fail, in the order in which reasons are listed. */
export function columnFailures(column: ContractColumn, index: number): Failure[] {
  const [value, text] = [identifier(column.name), textName(index)];
  const failures: Failure[] = [];
  if (column.required) failures.push({ rule: 'required', code: 'NULL_VALUE', fails: `${text} IS NULL` });
  failures.push(...typeFailures(column, index, value));
  if (column.timezone !== undefined) failures.push(...zoneFailures(column, index));
  return [...failures, ...columnChecks(column)];
}

/** Why a time that stands in a zone is no instant. */
function zoneFailures({ timezone }: ContractColumn, index: number): Failure[] {
  const is = (fault: number): string => `${offsetName(index)} = ${fault}`;
  const isBeside = timezone?.column !== undefined;
  return [
    { rule: 'timezone', code: isBeside ? 'NULL_VALUE' : 'FORMAT_ERROR', fails: is(FAULT.none) },
    { rule: 'timezone', code: 'DOMAIN_ERROR', fails: is(FAULT.unknown), isOfZone: true },
    { rule: 'local_time_skipped', code: 'RANGE_ERROR', fails: is(FAULT.skipped) },
    { rule: 'local_time_repeated', code: 'RANGE_ERROR', fails: is(FAULT.repeated) },
  ];
}

/** Only the checks beyond presence and type. */
export function columnChecks(column: ContractColumn): Failure[] {
  return column.checks.map((check) => checkFailure(check, identifier(column.name), column.type));
}

function typeFailures(column: ContractColumn, index: number, value: string): Failure[] {
  const { type } = column;
  const text = textName(index);
  if (type.kind === 'string') return [];
  const missed = `${text} IS NOT NULL AND ${value} IS NULL`;
  const shape = looseShape(column);
  if (shape === undefined) return [{ rule: 'type', code: 'TYPE_ERROR', fails: missed }];
  const isOther = `NOT ${matches(text, shape)}`;
  // An exponent may leave decimals, which no integer has.
  const isNone =
    type.kind === 'long' && column.number.exponent === true
      ? `(${isOther} OR NOT ${matches(plainSql(text, column.number), numberShape(column.number, type))})`
      : isOther;
  const failures: Failure[] = [{ rule: 'type', code: 'TYPE_ERROR', fails: `${missed} AND ${isNone}` }];
  const isMissed = column.timezone === undefined ? missed : `${missed} AND ${hasNoFault(index)}`;
  if (type.kind === 'decimal') {
    const exact = matches(plainSql(text, column.number), numberShape(column.number, type));
    failures.push({
      rule: 'scale',
      code: 'FORMAT_ERROR',
      fails: `${missed} AND ${matches(text, shape)} AND NOT ${exact}`,
    });
    failures.push({ rule: 'precision', code: 'RANGE_ERROR', fails: `${missed} AND ${exact}` });
  } else {
    const rule = type.kind === 'date' || type.kind === 'timestamptz' ? 'calendar' : 'precision';
    failures.push({ rule, code: 'RANGE_ERROR', fails: `${isMissed} AND NOT ${isNone}` });
  }
  return failures;
}

/** Missing offsets are reported by their own reason. */
const hasNoFault = (index: number): string => `coalesce(${offsetName(index)} < ${FAULT.none}, true)`;

/** What looks like the type, though it may be out of its range; undefined where nothing can be. */
function looseShape(column: ContractColumn): string | undefined {
  const { type } = column;
  if (type.kind === 'decimal' || type.kind === 'long' || type.kind === 'int' || type.kind === 'double')
    return looseNumberShape(column.number, type);
  if (type.kind === 'date' || type.kind === 'timestamptz') return dateShape(column.formats, type.kind);
  return undefined;
}

function checkFailure(check: ColumnCheck, value: string, type: ColumnType): Failure {
  const { rule } = check;
  switch (check.kind) {
    case 'values':
      return {
        rule,
        code: 'DOMAIN_ERROR',
        fails: `NOT ${isOneOf(`CAST(${value} AS VARCHAR)`, check.values)}`,
      };
    case 'pattern':
      return { rule, code: 'FORMAT_ERROR', fails: `NOT ${matches(value, check.pattern)}` };
    case 'length': {
      const bounds = [
        ...(check.min === undefined ? [] : [`length(${value}) < ${check.min}`]),
        ...(check.max === undefined ? [] : [`length(${value}) > ${check.max}`]),
      ];
      return { rule, code: 'RANGE_ERROR', fails: `(${bounds.join(' OR ')})` };
    }
    case 'range': {
      const bound = (text: string): string => `CAST(${literal(text)} AS ${duckType(type)})`;
      const bounds = [
        ...(check.min === undefined
          ? []
          : [`${value} ${check.exclusiveMin ? '<=' : '<'} ${bound(check.min)}`]),
        ...(check.max === undefined
          ? []
          : [`${value} ${check.exclusiveMax ? '>=' : '>'} ${bound(check.max)}`]),
      ];
      return { rule, code: 'RANGE_ERROR', fails: `(${bounds.join(' OR ')})` };
    }
  }
}

/**
 * Never `IN`: DuckDB turns a list of more than a few values into a hash join, which is no faster and gives the
 * records back in another order.
 */
function isOneOf(text: string, values: readonly string[]): string {
  return matches(text, values.map(escapeShape).join('|'));
}

function matches(text: string, shape: string): string {
  return `regexp_full_match(${text}, ${literal(shape)})`;
}
