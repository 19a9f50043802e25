import type { Layout } from '../csv/layout.ts';
import { identifier, literal } from '../engine/sql.ts';
import type { CheckedRule, RuleSql } from './check-rules.ts';
import {
  columnChecks,
  columnFailures,
  type Failure,
  rawName,
  textName,
  textSql,
  valueSql,
} from './compile-column.ts';
import { zonedValueSql, zoneSteps } from './compile-zones.ts';
import type { ContractColumn, SourceContract } from './contract.ts';
import { isOpen } from './open-columns.ts';
import type { ZoneField, ZoneReadings } from './zone-readings.ts';

/** What a staged record is before attempts and duplicates are known. */
export const RECORD_KIND = { silver: 0, rejected: 1, blank: 2, totalRow: 3 } as const;

/**
 * SQL name of a file's field. Every name that isn't the contract's own has a `$`, which no contract column can
 * have: a column called `reasons` or `position` must not meet one of ours.
 */
export const fieldName = (field: number): string => `c$${field}`;

/** Longest part of a value that a reason repeats, in characters. */
const REASON_VALUE_LENGTH = 200;

/** DuckDB's type of a record's reasons. */
export const REASONS_TYPE = 'STRUCT(rule VARCHAR, "column" VARCHAR, code VARCHAR, "value" VARCHAR)[]';

/** What the compiled SQL needs beside the contract. */
export interface StageOptions {
  readonly contract: SourceContract;
  /** The contract's rules as they may be run. */
  readonly rules: readonly CheckedRule[];
  readonly layout: Layout;
  /** A table expression whose columns are the fields of the file as VARCHAR, named by `fieldName`. */
  readonly source: string;
  /** Whether some value may begin or end with a blank. */
  readonly hasEdgeBlanks: boolean;
  /** Keys the digests that stand for personal values. */
  readonly digestKey: string;
  /** How times in zones are read, where the contract has any. */
  readonly zones: ZoneReadings;
  /** Whether to ask only which records pass, or also why others fail, which costs more. */
  readonly look: Look;
}

/** First, every record; then, closer, those that the first look set apart. */
export type Look = 'first' | 'closer';

/**
 * A SELECT with one row a record, in the source's order: the contract's columns typed, `rescued` where
 * the contract keeps unknown columns, row_hash, and `passed$`. A closer look adds `record_kind$` (RECORD_KIND), the
 * `reasons$` and the raw `record$` as JSON.
 */
export function compileStage(options: StageOptions): string {
  const { contract, rules, layout, source, hasEdgeBlanks } = options;
  const { columns } = contract;
  const rescue = contract.unknownColumns === 'rescue';
  const rescued = rescue ? [`${rescuedSql(layout)} AS rescued`] : [];
  const zoned = zoneSteps(contract, options.zones, textName);
  return [
    `WITH raw AS (SELECT *, ${columns.map((_, index) => `${fieldSql(layout, index)} AS ${rawName(index)}`).join(', ')} FROM ${source})`,
    `, trimmed AS (SELECT *, ${columns.map(({ nullValues = [] }, index) => `${textSql(rawName(index), [...contract.csv.nullValues, ...nullValues], hasEdgeBlanks)} AS ${textName(index)}`).join(', ')} FROM raw)`,
    ...zoned.steps,
    `, typed AS (SELECT *, ${[
      ...columns.map((column, index) => `${typedSql(column, index)} AS ${identifier(column.name)}`),
      `sha256(${hashInput(columns)}) AS row_hash`,
      ...rescued,
    ].join(', ')} FROM ${zoned.from})`,
    ...judgedSql(options, passedSql(contract, rules)),
    `SELECT ${[...stagedNames({ contract, look: 'first' }), ...(options.look === 'closer' ? findings(options) : [])].join(', ')}`,
    'FROM judged',
  ].join(' ');
}

function typedSql(column: ContractColumn, index: number): string {
  const text = textName(index);
  return column.timezone === undefined ? valueSql(column, text) : zonedValueSql(column, index, text);
}

/** The columns that compileStage's SELECT has, as identifiers, in their order. */
export function stagedNames({ contract, look }: Pick<StageOptions, 'contract' | 'look'>): string[] {
  return [
    ...contract.columns.map(({ name }) => identifier(name)),
    ...(contract.unknownColumns === 'rescue' ? ['rescued'] : []),
    'row_hash',
    'passed$',
    ...(look === 'closer' ? ['record_kind$', 'reasons$', 'record$', 'footer$'] : []),
  ];
}

function findings(options: StageOptions): string[] {
  return [
    `CAST(${kindSql(options)} AS TINYINT) AS record_kind$`,
    `CASE WHEN NOT passed$ THEN ${reasonsSql(options)} END AS reasons$`,
    `${recordJson(options.contract, options.layout)} AS record$`,
    `${footerSql(options, 'fits$')} AS footer$`,
  ];
}

/** Whether a record has no footer's form, or has it and fails, or has it and would pass as a record. */
export const FOOTER = { none: 0, failing: 1, passing: 2 } as const;

/** The step that says which records passed. A record of a footer's form never does, whatever its values. */
function judgedSql(options: StageOptions, passed: string): string[] {
  const isFooter = isFooterSql(options);
  if (isFooter === undefined) return [`, judged AS (SELECT *, ${passed} AS passed$ FROM typed)`];
  return [
    `, fitting AS (SELECT *, ${passed} AS fits$ FROM typed)`,
    `, judged AS (SELECT *, fits$ AND NOT ${isFooter} AS passed$ FROM fitting)`,
  ];
}

/** SQL of whether a record has the form of a footer's; undefined where the contract knows none. */
export function isFooterSql({
  contract,
  layout,
}: Pick<StageOptions, 'contract' | 'layout'>): string | undefined {
  const { footerPattern, delimiter } = contract.csv;
  if (footerPattern === undefined) return undefined;
  const fields = Array.from({ length: layout.fields }, (_, field) => fieldName(field));
  return `regexp_full_match(concat(${fields.join(`, ${literal(delimiter)}, `)}), ${literal(footerPattern)})`;
}

/** SQL of a record's FOOTER; `fits` says whether it would pass. */
export function footerSql(options: Pick<StageOptions, 'contract' | 'layout'>, fits: string): string {
  const isFooter = isFooterSql(options);
  const { none, failing, passing } = FOOTER;
  if (isFooter === undefined) return `CAST(${none} AS TINYINT)`;
  return `CAST(CASE WHEN NOT ${isFooter} THEN ${none} WHEN ${fits} THEN ${passing} ELSE ${failing} END AS TINYINT)`;
}

/**
 * The text whose SHA-256 is a record's row_hash: its raw values in contract order, joined by NUL, a value
 * as '=' and its text, a NULL as nothing; NULs at the end fall away, so that a column added later changes
 * no hash of a record without it. No value holds a NUL (the scanner sees to it), so that two records have
 * the same text only if they have the same values.
 */
export function hashInput(columns: readonly ContractColumn[]): string {
  const raw = columns.map((_, index) => rawName(index));
  const present = raw.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const marked = raw.map((name) => `coalesce('=' || ${name}, '')`).join(', ');
  // The same text by the shorter way where nothing is NULL, which is nearly always.
  return `CASE WHEN ${present} THEN concat('=', ${raw.join(", chr(0) || '=', ")}) ELSE rtrim(concat_ws(chr(0), ${marked}), chr(0)) END`;
}

/** SQL of a column's raw value: the field that the file has for it, or NULL. */
export function fieldSql(layout: Layout, index: number): string {
  const field = layout.columns[index];
  return field === undefined ? 'CAST(NULL AS VARCHAR)' : fieldName(field);
}

function passedSql(contract: SourceContract, rules: readonly CheckedRule[]): string {
  const conditions: string[] = [];
  contract.columns.forEach((column, index) => {
    const value = identifier(column.name);
    const text = textName(index);
    if (column.required) conditions.push(`${value} IS NOT NULL`);
    else if (column.type.kind !== 'string') conditions.push(`(${value} IS NOT NULL OR ${text} IS NULL)`);
    for (const check of columnChecks(column)) conditions.push(`NOT coalesce(${check.fails}, false)`);
  });
  for (const rule of rules) conditions.push(passesSql(rule.sql));
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

/** A rule passes where it is true or NULL, as in SQL's CHECK; one that raises an error fails. */
export function passesSql(expression: RuleSql): string {
  return `coalesce(TRY(coalesce((${expression}), true)), false)`;
}

/** SQL of what a record is (RECORD_KIND), over its fields, its typed columns and `passed$`. */
export function kindSql({ contract, layout }: StageOptions): string {
  const { silver, rejected, blank, totalRow } = RECORD_KIND;
  const everything = Array.from({ length: layout.fields }, (_, field) => fieldName(field));
  const cases = [`WHEN passed$ THEN ${silver}`, `WHEN ${isBlankSql(everything)} THEN ${blank}`];
  const totalIndex = contract.columns.findIndex(({ name }) => name === contract.csv.totalRowColumn);
  const totalField = layout.columns[totalIndex];
  if (totalField !== undefined) {
    const others = everything.filter((name) => name !== fieldName(totalField));
    cases.push(
      `WHEN ${identifier(contract.columns[totalIndex]?.name ?? '')} IS NOT NULL AND ${isBlankSql(others)} THEN ${totalRow}`,
    );
  }
  return `CASE ${cases.join(' ')} ELSE ${rejected} END`;
}

function isBlankSql(fields: readonly string[]): string {
  return fields.length === 0 ? 'true' : `trim(concat(${fields.join(', ')}), ${literal(' \t')}) = ''`;
}

/** SQL of all that is wrong with a record, as a list. */
export function reasonsSql({ contract, rules, digestKey, zones }: StageOptions): string {
  const entries = contract.columns.flatMap((column, index) => {
    const own: Shown = { column, raw: rawName(index) };
    const zone: Shown = zones.get(column.name)?.field ?? own;
    return columnFailures(column, index).map((failure) =>
      reasonSql(failure, literal(column.name), shownValue(failure.isOfZone ? zone : own, digestKey)),
    );
  });
  for (const { rule, sql } of rules) {
    entries.push(reasonSql({ rule, code: 'RULE_ERROR', fails: `NOT ${passesSql(sql)}` }, 'NULL', 'NULL'));
  }
  return `list_filter(CAST([${entries.join(', ')}] AS ${REASONS_TYPE}), lambda reason: reason IS NOT NULL)`;
}

function reasonSql(failure: Failure, column: string, value: string): string {
  const fields = `'rule': ${literal(failure.rule)}, 'column': ${column}, 'code': ${literal(failure.code)}, 'value': ${value}`;
  return `CASE WHEN ${failure.fails} THEN {${fields}} END`;
}

/** What a reason shows. */
type Shown = Pick<ZoneField, 'column' | 'raw'>;

/** The value as a reason may show it: cut short, or a keyed digest where it is personal or confidential. */
function shownValue({ column, raw }: Shown, digestKey: string): string {
  if (isOpen(column)) return `left(${raw}, ${REASON_VALUE_LENGTH})`;
  return `'digest:' || left(sha256(${literal(digestKey)} || ${raw}), 16)`;
}

/** The raw values by contract column, and the unknown ones by their header, as they came. */
export function recordJson(contract: SourceContract, layout: Layout): string {
  const pairs = contract.columns.flatMap((column, index) =>
    layout.columns[index] === undefined ? [] : [literal(column.name), rawName(index)],
  );
  const known = new Set(contract.columns.map(({ name }) => name));
  for (const { field, name } of layout.unknown)
    pairs.push(literal(known.has(name) ? `${name}#${field + 1}` : name), fieldName(field));
  return `CAST(json_object(${pairs.join(', ')}) AS VARCHAR)`;
}

/** Unknown columns that have a value, as JSON; NULL where none has. */
export function rescuedSql(layout: Layout): string {
  if (layout.unknown.length === 0) return 'CAST(NULL AS VARCHAR)';
  const fields = layout.unknown.map(({ field }) => fieldName(field));
  const pairs = layout.unknown.flatMap(({ field, name }) => [literal(name), fieldName(field)]);
  return `CASE WHEN coalesce(${fields.join(', ')}) IS NOT NULL THEN CAST(json_object(${pairs.join(', ')}) AS VARCHAR) END`;
}
