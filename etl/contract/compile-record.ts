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
import {
  clearName,
  FAULT,
  FAULT_NAME,
  faultName,
  isExcused,
  openedSql,
  referenceName,
  sealedValueSql,
  type Unsealing,
  unsealSteps,
} from './compile-sealed.ts';
import { zonedValueSql, zoneSteps } from './compile-zones.ts';
import type { ContractColumn, SourceContract } from './contract.ts';
import { gateReasonsSql, gatesSql } from './gate-reasons.ts';
import { isOpen } from './open-columns.ts';
import { fieldName, fieldSql, recordJson, rescuedSql, rowHashSql } from './raw-record.ts';
import { REASON_VALUE_LENGTH } from './reason-value-length.ts';
import type { ZoneField, ZoneReadings } from './zone-readings.ts';

/** What a staged record is before attempts and duplicates are known. */
export const RECORD_KIND = { silver: 0, rejected: 1, blank: 2, totalRow: 3, forgotten: 4 } as const;

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
  /** Whether the engine has the native part's function for row_hash. */
  readonly isRowHashNative?: boolean;
  /** Whether to ask only which records pass, or also why others fail, which costs more. */
  readonly look: Look;
  /** Absent where no cell is sealed. */
  readonly unsealing?: Unsealing | undefined;
  /** Set where it is a slice of the columns, over whose values the rules are tested elsewhere. */
  readonly isSlice?: true;
}

/** First, every record; then, closer, those that the first look set apart. */
export type Look = 'first' | 'closer';

/**
 * A SELECT with one row a record, in the source's order: the contract's columns typed, `rescued` where
 * the contract keeps unknown columns, row_hash, and `passed$`. A closer look adds `record_kind$` (RECORD_KIND), the
 * `reasons$` and the raw `record$` as JSON; where cells are sealed also `fault$` and `fitting$`, whether all that can be
 * read is right. Sealed columns are there as they came.
 */
export function compileStage(options: StageOptions): string {
  const { contract, layout, source } = options;
  const { columns } = contract;
  const rescue = contract.unknownColumns === 'rescue';
  const rescued = rescue ? [`${rescuedSql(layout)} AS rescued`] : [];
  const zoned = zoneSteps(contract, options.zones, textName);
  const unsealed = unsealSteps(contract, options.unsealing);
  return [
    `WITH raw AS (SELECT *, ${columns.map((_, index) => `${fieldSql(layout, index)} AS ${rawName(index)}`).join(', ')} FROM ${source})`,
    ...unsealed.steps,
    `, trimmed AS (SELECT *, ${columns.map((column, index) => `${trimmedSql(options, column, index)} AS ${textName(index)}`).join(', ')} FROM ${unsealed.from})`,
    ...zoned.steps,
    `, typed AS (SELECT *, ${[
      ...columns.map((column, index) => `${typedSql(options, column, index)} AS ${identifier(column.name)}`),
      `${rowHashSql(columns, options.isRowHashNative === true)} AS row_hash`,
      ...rescued,
    ].join(', ')} FROM ${zoned.from})`,
    ...judgedSql(options, passedSql(options)),
    `SELECT ${[...storedSql(options), ...(options.look === 'closer' ? findings(options) : [])].join(', ')}`,
    'FROM judged',
  ].join(' ');
}

/** A column's text; whether one that was sealed has blanks at its ends only who opened it can tell. */
function trimmedSql(
  { contract, unsealing, hasEdgeBlanks }: StageOptions,
  column: ContractColumn,
  index: number,
): string {
  const { name, nullValues = [] } = column;
  const isSealed = unsealing?.columns.has(name) === true;
  return textSql(
    clearName(unsealing, name, index),
    [...contract.csv.nullValues, ...nullValues],
    hasEdgeBlanks || (isSealed && unsealing.hasEdgeBlanks !== false),
  );
}

function typedSql({ unsealing }: StageOptions, column: ContractColumn, index: number): string {
  const text = textName(index);
  const value = column.timezone === undefined ? valueSql(column, text) : zonedValueSql(column, index, text);
  const isReference =
    unsealing?.columns.get(column.name)?.isPseudonym === true && column.type.kind !== 'string';
  return isReference ? `CASE WHEN NOT ${referenceName(index)} THEN ${value} END` : value;
}

/** Name of what the table gets of a sealed column, beside its value, in a staging of slices. */
export const storedName = (name: string): string => identifier(`${name}$stored`);

/** The columns as the table gets them: sealed ones as they came; of a slice apart, beside their values. */
function storedSql({ contract, unsealing, isSlice }: StageOptions): string[] {
  const places = new Map(contract.columns.map(({ name }, index) => [identifier(name), { name, index }]));
  return stagedNames({ contract, look: 'first' }).flatMap((column) => {
    const { name, index } = places.get(column) ?? {};
    if (name === undefined || index === undefined || unsealing?.columns.has(name) !== true) return [column];
    const stored = sealedValueSql(textName(index), index);
    return isSlice === true ? [column, `${stored} AS ${storedName(name)}`] : [`${stored} AS ${column}`];
  });
}

/** The columns that compileStage's SELECT has, as identifiers, in their order. */
export function stagedNames({
  contract,
  look,
  unsealing,
}: Pick<StageOptions, 'contract' | 'look' | 'unsealing'>): string[] {
  return [
    ...contract.columns.map(({ name }) => identifier(name)),
    ...(contract.unknownColumns === 'rescue' ? ['rescued'] : []),
    'row_hash',
    'passed$',
    ...(look === 'closer' ? ['record_kind$', 'reasons$', 'record$', 'footer$'] : []),
    ...(look === 'closer' && unsealing !== undefined ? [FAULT_NAME, 'fitting$'] : []),
  ];
}

function findings(options: StageOptions): string[] {
  return [
    `CAST(${kindSql(options)} AS TINYINT) AS record_kind$`,
    `CASE WHEN NOT passed$ THEN ${reasonsSql(options)} END AS reasons$`,
    `${recordJson(options.contract, options.layout)} AS record$`,
    `${footerSql(options, 'fits$')} AS footer$`,
    ...(options.unsealing === undefined ? [] : [FAULT_NAME, 'fitting$']),
  ];
}

/** Whether a record has no footer's form, or has it and fails, or has it and would pass as a record. */
export const FOOTER = { none: 0, failing: 1, passing: 2 } as const;

/** The step that says which records passed. A record of a footer's form never does, whatever its values. */
function judgedSql(options: StageOptions, passed: string): string[] {
  const isFooter = isFooterSql(options);
  const fitting = options.unsealing === undefined ? '' : `, ${fittingSql(options)} AS fitting$`;
  if (isFooter === undefined) return [`, judged AS (SELECT *, ${passed} AS passed$${fitting} FROM typed)`];
  return [
    `, fitting AS (SELECT *, ${passed} AS fits$${fitting} FROM typed)`,
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

function passedSql(options: StageOptions): string {
  const conditions = [...fittingConditions(options), ...options.rules.map(({ sql }) => passesSql(sql))];
  if (options.unsealing !== undefined) conditions.push(`${FAULT_NAME} = ${FAULT.none}`);
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

/** Whether nothing is wrong with a record's readable values, each by itself. */
function fittingSql(options: StageOptions): string {
  const conditions = fittingConditions(options);
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

function fittingConditions({ contract, layout, unsealing }: StageOptions): string[] {
  const conditions = wholeFaults(contract, layout).map((fault) => `NOT ${fault}`);
  contract.columns.forEach((column, index) => {
    const own = columnConditions(column, index);
    if (unsealing?.columns.has(column.name) !== true) conditions.push(...own);
    else if (own.length > 0) conditions.push(`(${isExcused(index)} OR (${own.join(' AND ')}))`);
  });
  return conditions;
}

function columnConditions(column: ContractColumn, index: number): string[] {
  const [value, text] = [identifier(column.name), textName(index)];
  const conditions: string[] = [];
  if (column.required) conditions.push(`${value} IS NOT NULL`);
  else if (column.type.kind !== 'string') conditions.push(`(${value} IS NOT NULL OR ${text} IS NULL)`);
  for (const check of columnChecks(column)) conditions.push(`NOT coalesce(${check.fails}, false)`);
  return conditions;
}

/** SQL of what a record as a whole fails for, each by itself: unknown members, gates. */
export function wholeFaults(contract: SourceContract, layout: Layout): string[] {
  return [unknownSql(contract, layout), gatesSql(layout)].filter((sql) => sql !== undefined);
}

/** SQL of whether a record of JSON has members that the contract rejects; undefined where no record can. */
function unknownSql(
  { unknownColumns }: SourceContract,
  { rescued }: Pick<Layout, 'rescued'>,
): string | undefined {
  return unknownColumns === 'reject' && rescued !== undefined
    ? `(${fieldName(rescued)} IS NOT NULL)`
    : undefined;
}

/** The names of a record's unknown members; one that may be data is not shown. */
function unknownNamesSql(field: string): string {
  const shown = `CASE WHEN regexp_full_match(name, '[A-Za-z_][A-Za-z0-9_.-]{0,63}') THEN name ELSE '(another name)' END`;
  const names = `array_to_string(list_transform(json_keys(${field}), lambda name: ${shown}), ', ')`;
  // Of a protected record it may be an envelope that nobody can open.
  return `CASE WHEN json_valid(${field}) THEN left(${names}, ${REASON_VALUE_LENGTH}) END`;
}

/** A rule passes where it is true or NULL, as in SQL's CHECK; one that raises an error fails. */
export function passesSql(expression: RuleSql): string {
  return `coalesce(TRY(coalesce((${expression}), true)), false)`;
}

/** SQL of what a record is (RECORD_KIND), over its fields, its typed columns and `passed$`. */
export function kindSql({ contract, layout, unsealing }: StageOptions): string {
  const { silver, rejected, blank, totalRow, forgotten } = RECORD_KIND;
  const everything = Array.from({ length: layout.fields }, (_, field) => fieldName(field));
  const cases = [
    `WHEN passed$ THEN ${silver}`,
    ...(unsealing === undefined ? [] : [`WHEN ${FAULT_NAME} = ${FAULT.forgotten} THEN ${forgotten}`]),
    `WHEN ${isBlankSql(everything)} THEN ${blank}`,
  ];
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
export function reasonsSql({ contract, rules, digestKey, zones, layout, unsealing }: StageOptions): string {
  const entries = contract.columns.flatMap((column, index) => {
    const own: Shown = { column, raw: rawName(index) };
    const zone: Shown = zones.get(column.name)?.field ?? own;
    const isSealed = unsealing?.columns.has(column.name) === true;
    const failures = columnFailures(column, index);
    return (isSealed ? sealedFailures(failures, index) : failures).map((failure) =>
      reasonSql(
        failure,
        literal(column.name),
        shownValue(failure.isOfZone ? zone : own, { digestKey, unsealing }),
      ),
    );
  });
  if (unsealing !== undefined && contract.columns.length > 0)
    entries.push(reasonSql(mixedFailure(contract, unsealing), 'NULL', 'NULL'));
  // Of a record that can't be read whole no rule can be told.
  const isWhole = unsealing === undefined ? '' : `${FAULT_NAME} = ${FAULT.none} AND `;
  for (const { rule, sql } of rules) {
    const fails = `${isWhole}NOT ${passesSql(sql)}`;
    entries.push(reasonSql({ rule, code: 'RULE_ERROR', fails }, 'NULL', 'NULL'));
  }
  const unknown = unknownSql(contract, layout);
  if (unknown !== undefined) {
    const failure: Failure = { rule: 'unknown_members', code: 'SCHEMA_ERROR', fails: unknown };
    const members = fieldName(layout.rescued ?? 0);
    const membersSql = unsealing === undefined ? members : openedSql(unsealing, members);
    entries.push(reasonSql(failure, 'NULL', unknownNamesSql(membersSql)));
  }
  const found = `list_filter(CAST([${entries.join(', ')}] AS ${REASONS_TYPE}), lambda reason: reason IS NOT NULL)`;
  if (layout.gates === undefined) return found;
  return `list_concat(${found}, CAST(${gateReasonsSql(layout.gates)} AS ${REASONS_TYPE}))`;
}

/** The rule that sealed values break which somebody changed, or nobody can read. */
const PROTECTION = 'protection';

/** How a sealed column can fail: by itself only where it can be read, and for its keys only where nothing else is wrong. */
function sealedFailures(failures: readonly Failure[], index: number): Failure[] {
  return [
    { rule: PROTECTION, code: 'PROTECTION_ERROR', fails: `${faultName(index)} = ${FAULT.tampered}` },
    {
      rule: PROTECTION,
      code: 'FORGOTTEN',
      fails: `fitting$ AND ${faultName(index)} = ${FAULT.gone} AND ${FAULT_NAME} = ${FAULT.gone}`,
    },
    ...failures.map((failure) => ({ ...failure, fails: `NOT ${isExcused(index)} AND (${failure.fails})` })),
  ];
}

/** Values of several subjects in one record: each can be read, and they don't belong together. */
function mixedFailure({ columns }: SourceContract, { columns: sealed }: Unsealing): Failure {
  const isTampered = columns.flatMap(({ name }, index) =>
    sealed.has(name) ? [`${faultName(index)} = ${FAULT.tampered}`] : [],
  );
  const fails = [`${FAULT_NAME} = ${FAULT.tampered}`, ...isTampered.map((sql) => `NOT ${sql}`)].join(' AND ');
  return { rule: PROTECTION, code: 'PROTECTION_ERROR', fails };
}

function reasonSql(failure: Failure, column: string, value: string): string {
  const fields = `'rule': ${literal(failure.rule)}, 'column': ${column}, 'code': ${literal(failure.code)}, 'value': ${value}`;
  return `CASE WHEN ${failure.fails} THEN {${fields}} END`;
}

/** What a reason shows. */
type Shown = Pick<ZoneField, 'column' | 'raw'>;

/** The value as a reason may show it: as it came where it is sealed, else cut short, or a keyed digest where it is personal or confidential. */
function shownValue(
  { column, raw }: Shown,
  { digestKey, unsealing }: Pick<StageOptions, 'digestKey' | 'unsealing'>,
): string {
  if (unsealing?.columns.has(column.name) === true) return raw;
  if (isOpen(column)) return `left(${raw}, ${REASON_VALUE_LENGTH})`;
  return `'digest:' || left(sha256(${literal(digestKey)} || ${raw}), 16)`;
}
