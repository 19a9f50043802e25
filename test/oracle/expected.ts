import type { ContractColumn, SourceContract } from '../../etl/contract/contract.ts';
import type { Row } from '../stages/read-rows.ts';
import { type Judgement, judge } from './judge.ts';
import { type OracleRecord, parseRecords } from './parse-records.ts';

/** What is compared of a file's records, by record number: a line a record, so that a difference reads well. */
export type Compared = Readonly<Record<string, string>>;

/** What the oracle expects of a file whose header is the contract's own columns, in order. */
export function expectedOf(file: Uint8Array, contract: SourceContract): Compared {
  const { csv, limits } = contract;
  const records = parseRecords(file, {
    delimiter: csv.delimiter,
    quote: csv.quote,
    maxRecordBytes: limits.maxRecordBytes,
    fallsBack: csv.encodings.includes('windows-1252'),
  });
  const keys = new Set<string>();
  const lines = records.flatMap((record, n) => {
    const judgement = judge(record, contract, [...contract.columns.keys()]);
    const line = describeJudgement(judgement, record, { contract, keys });
    return line === undefined ? [] : [[String(n + 1), line] as const];
  });
  return Object.fromEntries(lines);
}

function describeJudgement(
  judgement: Judgement,
  record: OracleRecord,
  { contract, keys }: { readonly contract: SourceContract; readonly keys: Set<string> },
): string | undefined {
  if (judgement.verdict === 'blank') return undefined;
  const { hash } = judgement;
  if (judgement.verdict === 'failed') {
    const reasons = judgement.reasons.map(({ column, code }) => `${code} ${column ?? ''}`);
    return failedLine('quarantined', hash, reasons, rawText(record, contract));
  }
  const key = contract.key
    .map((name) => String(judgement.values[contract.columns.findIndex((column) => column.name === name)]))
    .join('|');
  if (keys.has(key)) return failedLine('condemned', hash, ['DUPLICATE '], rawText(record, contract));
  keys.add(key);
  return silverLine(contract, hash, judgement.values);
}

/** The record as it came: its raw values by column, or its text. */
function rawText(record: OracleRecord, contract: SourceContract): string {
  if (record.kind !== 'fields') return 'text';
  return JSON.stringify(contract.columns.map((_, n) => record.fields[n] ?? null));
}

function failedLine(verdict: string, hash: string, reasons: readonly string[], raw: string): string {
  return `${verdict} ${hash.slice(0, 12)} [${reasons.join(', ')}] ${raw}`;
}

function silverLine(contract: SourceContract, hash: string, values: readonly unknown[]): string {
  const texts = contract.columns.map((column, n) => comparable(values[n], column));
  return `silver ${hash.slice(0, 12)} ${texts.join(' | ')}`;
}

/** The rows of one file in the three tables. */
export interface FoundRows {
  readonly contract: SourceContract;
  readonly silver: readonly Row[];
  readonly quarantined: readonly Row[];
  readonly condemned: readonly Row[];
}

/** What the pipeline gave, in the same form. */
export function foundIn({ contract, silver, quarantined, condemned }: FoundRows): Compared {
  const lines: [number, string][] = silver.map((row) => [
    Number(row.source_row_number),
    silverLine(
      contract,
      String(row.row_hash),
      contract.columns.map(({ name }) => row[name]),
    ),
  ]);
  for (const [verdict, rows] of [
    ['quarantined', quarantined],
    ['condemned', condemned],
  ] as const) {
    for (const row of rows) {
      const reasons = (row.reasons as { code: string; column: string | null }[]).map(
        ({ code, column }) => `${code} ${column ?? ''}`,
      );
      lines.push([
        Number(row.source_row_number),
        failedLine(verdict, String(row.row_hash), reasons, rawOf(row, contract)),
      ]);
    }
  }
  return Object.fromEntries(lines.sort(([a], [b]) => a - b).map(([n, line]) => [String(n), line]));
}

function rawOf(row: Row, contract: SourceContract): string {
  if (typeof row.record !== 'string') return typeof row.raw_text === 'string' ? 'text' : 'nothing';
  const record = JSON.parse(row.record) as Record<string, string | null>;
  return JSON.stringify(contract.columns.map(({ name }) => record[name]));
}

/**
 * A value in the form in which both sides can be compared. hyparquet gives decimals as numbers, so that of long
 * ones only the first twelve digits are compared; the control totals vouch for the others.
 */
function comparable(value: unknown, { type }: ContractColumn): string {
  if (value === null || value === undefined) return 'NULL';
  if (type.kind !== 'decimal') return String(value);
  const unscaled = typeof value === 'bigint' ? Number(value) : Math.round(Number(value) * 10 ** type.scale);
  return Math.abs(unscaled) < 2 ** 50 ? String(unscaled) : unscaled.toPrecision(12);
}
