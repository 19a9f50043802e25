import type { ContractColumn, SourceContract } from '../../etl/contract/contract.ts';
import type { Row } from '../stages/read-rows.ts';
import { findFooter } from './find-footer.ts';
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
  /** Records of its footer, and those that stand in Silver already: neither has a line. */
  readonly footer: number;
  readonly repeats: number;
  readonly lines: Compared;
}

/** What stands in Silver: the records' values, by their keys. */
export type Standing = Map<string, string>;

const NOTHING = { records: 0, footer: 0, repeats: 0, lines: {} };

/** What the oracle expects of a file. `standing` is of the files before it, to which its own records are added. */
export function expectedOf(
  file: Uint8Array,
  contract: SourceContract,
  standing: Standing = new Map(),
): Expected {
  const source = readSource(file, contract);
  if (source.kind === 'empty') return { status: 'empty', note: '', ...NOTHING };
  if (source.kind === 'rejected') return { status: 'rejected', note: source.why, ...NOTHING };
  const { records, fields, isHeader } = source;
  if (records.length === 0) return { status: 'empty', note: '', ...NOTHING };
  const judged = records.map((each) => {
    const judgement = judge(each, contract, fields);
    const isFailure = judgement.verdict === 'failed' && isHeader(each);
    if (contract.csv.repeatedHeader === 'skip' && isHeader(each))
      return { record: each, judgement: { verdict: 'blank' } as const };
    if (!isFailure || each.kind === 'blank') return { record: each, judgement };
    const record = { kind: 'broken', text: each.text, line: each.line } as const;
    return { record, judgement: judge(record, contract, fields) };
  });
  const footer = findFooter(judged, contract);
  if (footer.kind === 'wrong') return { status: 'rejected', note: footer.why, ...NOTHING };
  const options = { contract, fields, standing, equals: new Map<string, number>() };
  const lines: [string, string][] = [];
  let repeats = 0;
  for (const [n, { record, judgement }] of judged.entries()) {
    if (footer.places.has(n)) continue;
    const line = describeJudgement(judgement, record, options);
    if (line === 'repeat') repeats++;
    else if (line !== undefined) lines.push([String(n + 1), line]);
  }
  const counts = { records: records.length, footer: footer.places.size, repeats };
  return { status: 'accepted', note: '', ...counts, lines: Object.fromEntries(lines) };
}

/** What a judgement is described with: where each column stands in the file, what stands already, and equals in the file so far. */
interface DescribeOptions {
  readonly contract: SourceContract;
  readonly fields: readonly (number | undefined)[];
  readonly standing: Standing;
  readonly equals: Map<string, number>;
}

function describeJudgement(
  judgement: Judgement,
  record: OracleRecord,
  { contract, fields, standing, equals }: DescribeOptions,
): string | undefined {
  if (judgement.verdict === 'blank') return undefined;
  const { hash } = judgement;
  if (judgement.verdict === 'failed') {
    const reasons = judgement.reasons.map(({ column, code }) => `${code} ${column ?? ''}`);
    return failedLine('quarantined', hash, reasons, rawText(record, fields));
  }
  const nth = (equals.get(hash) ?? 0) + 1;
  equals.set(hash, nth);
  const key = contract.recordKey
    ? `${hash} ${nth}`
    : contract.key
        .map((name) => String(judgement.values[contract.columns.findIndex((column) => column.name === name)]))
        .join('|');
  const values = judgement.values.map(String).join('|');
  const stands = standing.get(key);
  const isRepeat = contract.recordKey === true || (contract.redelivery === 'expected' && stands === values);
  if (stands !== undefined && isRepeat) return 'repeat';
  if (stands !== undefined) return failedLine('condemned', hash, ['DUPLICATE '], rawText(record, fields));
  standing.set(key, values);
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
