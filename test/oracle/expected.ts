import type { ContractColumn, SourceContract } from '../../etl/contract/contract.ts';
import type { Row } from '../stages/read-rows.ts';
import { type Judgement, judge } from './judge.ts';
import type { OracleRecord } from './parse-records.ts';
import { readSource } from './read-source.ts';

/** What is compared of a file's records, by record number: a line a record, so that a difference reads well. */
export type Compared = Readonly<Record<string, string>>;

/** What is expected of a file: a line a record, or, where none is read, why not. */
export interface Expected {
  readonly status: 'accepted' | 'empty' | 'rejected';
  /** A part of the note that the file must have. */
  readonly note: string;
  readonly records: number;
  readonly lines: Compared;
}

/** What the oracle expects of a file. `keys` are those of the files before it, to which its own are added. */
export function expectedOf(
  file: Uint8Array,
  contract: SourceContract,
  keys: Set<string> = new Set(),
): Expected {
  const source = readSource(file, contract);
  if (source.kind === 'empty') return { status: 'empty', note: '', records: 0, lines: {} };
  if (source.kind === 'rejected') return { status: 'rejected', note: source.why, records: 0, lines: {} };
  const { records, fields } = source;
  if (records.length === 0) return { status: 'empty', note: '', records: 0, lines: {} };
  const lines = records.flatMap((record, n) => {
    const judgement = judge(record, contract, fields);
    const line = describeJudgement(judgement, record, { contract, fields, keys });
    return line === undefined ? [] : [[String(n + 1), line] as const];
  });
  return { status: 'accepted', note: '', records: records.length, lines: Object.fromEntries(lines) };
}

/** What a judgement is described with: where each column stands in the file, and the keys seen so far. */
interface DescribeOptions {
  readonly contract: SourceContract;
  readonly fields: readonly (number | undefined)[];
  readonly keys: Set<string>;
}

function describeJudgement(
  judgement: Judgement,
  record: OracleRecord,
  { contract, fields, keys }: DescribeOptions,
): string | undefined {
  if (judgement.verdict === 'blank') return undefined;
  const { hash } = judgement;
  if (judgement.verdict === 'failed') {
    const reasons = judgement.reasons.map(({ column, code }) => `${code} ${column ?? ''}`);
    return failedLine('quarantined', hash, reasons, rawText(record, fields));
  }
  const key = contract.key
    .map((name) => String(judgement.values[contract.columns.findIndex((column) => column.name === name)]))
    .join('|');
  if (keys.has(key)) return failedLine('condemned', hash, ['DUPLICATE '], rawText(record, fields));
  keys.add(key);
  return silverLine(contract, hash, judgement.values);
}

/** The record as it came: its raw values by column, or its line and its text. */
function rawText(record: OracleRecord, fields: readonly (number | undefined)[]): string {
  if (record.kind === 'broken') return `line ${record.line}: ${JSON.stringify(record.text)}`;
  if (record.kind === 'blank') return 'nothing';
  return JSON.stringify(fields.map((field) => (field === undefined ? null : (record.fields[field] ?? null))));
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
  if (typeof row.record !== 'string') return `line ${row.source_line}: ${JSON.stringify(row.raw_text)}`;
  const record = JSON.parse(row.record) as Record<string, string | null>;
  return JSON.stringify(contract.columns.map(({ name }) => record[name] ?? null));
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
