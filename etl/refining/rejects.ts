import { FOOTER, REASONS_TYPE, RECORD_KIND } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import { FORGOTTEN_PROBLEM, type StructureProblem } from '../csv/record-format.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';

/** Columns of the records that didn't pass, between refine and seal; the measures' values follow as m0, b0, m1, … */
const REJECT_COLUMNS = [
  'source_file_id VARCHAR',
  'source_row_number BIGINT',
  'source_line BIGINT',
  'row_hash VARCHAR',
  `reasons ${REASONS_TYPE}`,
  'record VARCHAR',
  'raw_text VARCHAR',
  // A record that may be the source's total row: it is one if nothing but blanks follows in its file.
  'may_be_total BOOLEAN',
  // Physical lines of a record that can't be parsed; NULL for others.
  'lines BIGINT',
  // FOOTER: whether it has the form of a footer's record, and would pass otherwise.
  'footer TINYINT',
];

/** Column names of the n-th measure: its value and what it is for. */
export const measureColumn = (n: number): string => `m${n}`;
export const measureByColumn = (n: number): string => `b${n}`;

/** Creates the table `rejects`, which all lanes see. */
export async function createRejects(engine: Engine, contract: SourceContract): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TABLE rejects (${REJECT_COLUMNS.join(', ')}${measureColumns(contract)})`,
  );
}

/** Declarations of the measures' columns, each after a comma. */
export function measureColumns(contract: SourceContract): string {
  return contract.measures
    .map(
      (_, n) => `, ${measureColumn(n)} DECIMAL(38, ${scaleOf(contract, n)}), ${measureByColumn(n)} VARCHAR`,
    )
    .join('');
}

/** The measures' values over typed columns of a table, where several are joined, each after a comma. */
export function measureValues(contract: SourceContract, table?: string): string {
  return contract.measures
    .map((_, n) => measureSql(contract, n, table))
    .map(({ value, by }) => `, ${value}, ${by}`)
    .join('');
}

/** Digits that the n-th measure's values have at most. */
export function precisionOf(contract: SourceContract, n: number): number {
  const type = contract.columns.find(({ name }) => name === contract.measures[n]?.column)?.type;
  return type?.kind === 'decimal' ? type.precision : 19;
}

/** Decimals that the n-th measure keeps. */
export function scaleOf(contract: SourceContract, n: number): number {
  const type = contract.columns.find(({ name }) => name === contract.measures[n]?.column)?.type;
  return type?.kind === 'decimal' ? type.scale : 0;
}

/** SQL of the n-th measure's value and of what it is for, over typed columns of a table, where several are joined. */
export function measureSql(
  contract: SourceContract,
  n: number,
  table?: string,
): { readonly value: string; readonly by: string } {
  const measure = contract.measures[n];
  const column = contract.columns.find(({ name }) => name === measure?.column);
  const named = (name: string): string => `${table === undefined ? '' : `${table}.`}${identifier(name)}`;
  const value = named(measure?.column ?? '');
  return {
    // A decimal's sum has 38 digits by itself.
    value: column?.type.kind === 'decimal' ? value : `CAST(${value} AS DECIMAL(38, 0))`,
    by: measure?.by === undefined ? 'CAST(NULL AS VARCHAR)' : `CAST(${named(measure.by)} AS VARCHAR)`,
  };
}

/** Adds the staged records that failed, after their closer look, to `rejects`. */
export async function collectRejects(engine: Engine, contract: SourceContract): Promise<void> {
  await engine.run(
    `INSERT INTO rejects SELECT source_file_id, source_row_number, NULL, row_hash, reasons$, record$, NULL, record_kind$ = ${RECORD_KIND.totalRow}, NULL, footer$${measureValues(contract)}
     FROM staged WHERE NOT passed$ AND record_kind$ NOT IN (${RECORD_KIND.blank}, ${RECORD_KIND.forgotten})`,
  );
}

/** Whether a record in `broken` was of somebody who was forgotten: nothing of it is there any more. */
export const IS_FORGOTTEN_BROKEN = `broken.problem = ${literal(FORGOTTEN_PROBLEM)}`;

/** The reasons of a record in `broken`: their value holds figures, never the text. */
export const BROKEN_REASONS = `[{'rule': broken.problem, 'column': NULL, 'code': 'STRUCTURE_ERROR', 'value': nullif(broken.detail, '')}]`;

const FOOTER_PROBLEM: StructureProblem = 'the form of a footer';

/** SQL of the FOOTER of a record in `broken`, by its text. */
export function brokenFooterSql({ csv }: SourceContract): string {
  const { none, failing } = FOOTER;
  if (csv.footerPattern === undefined) return `CAST(${none} AS TINYINT)`;
  const hasForm = `regexp_full_match(rtrim(broken.raw_text, chr(13) || chr(10)), ${literal(csv.footerPattern)})`;
  // Of a protected file the text is an envelope: its form was looked at before.
  const isFooter = `${hasForm} OR broken.problem = ${literal(FOOTER_PROBLEM)}`;
  return `CAST(CASE WHEN ${isFooter} THEN ${failing} ELSE ${none} END AS TINYINT)`;
}

/** Adds the records in `broken` to `rejects`. */
export async function collectBroken(engine: Engine, contract: SourceContract): Promise<void> {
  const nothing = contract.measures.map(() => ', NULL, NULL').join('');
  await engine.run(
    `INSERT INTO rejects SELECT source_file_id, source_row_number, source_line, row_hash, ${BROKEN_REASONS}, NULL, raw_text, false, lines, ${brokenFooterSql(contract)}${nothing} FROM broken WHERE NOT ${IS_FORGOTTEN_BROKEN}`,
  );
}
