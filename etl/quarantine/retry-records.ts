import { GATES_NAME, RESCUED_NAME } from '../contract/check-columns.ts';
import type { SourceContract } from '../contract/contract.ts';
import { normaliseHeader } from '../contract/header.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { isByRecord } from '../contract/record-key.ts';
import { PERSONAL_PROBLEM } from '../csv/record-format.ts';
import { retryDialect } from '../csv/retry-dialect.ts';
import { ConfigError } from '../errors.ts';
import { retryKeys } from '../naming/decisions.ts';
import { keepDecision, type Word } from '../operations/decide-run.ts';
import type { Effects, Scratch } from '../ports.ts';
import { keepContract } from '../stages/kept-contracts.ts';
import { putDocument } from '../stages/stored-documents.ts';
import { gateFailures } from './gate-failures.ts';
import type { FailedRecord } from './records.ts';
import { ORIGIN_COLUMNS } from './retry-files.ts';
import { writeRows } from './write-rows.ts';

/** A record that can't be retried as it is, and why. */
interface Skipped {
  readonly rowHash: string;
  readonly why: string;
}

/** What is to be tested once more: the values of each record, by column, corrections put in. */
interface RetryRow {
  readonly origin: FailedRecord;
  readonly values: Readonly<Record<string, string | null>>;
}

/** What a retry would test, and what it can't. */
interface RetryPlan {
  readonly rows: readonly RetryRow[];
  readonly skipped: readonly Skipped[];
}

/**
 * The values with which open records are tested once more under a contract: as they came, with the latest correction
 * of each column over them; a column is found under any spelling that the contract knows. What can't be parsed is
 * retried only where corrections give it every required column.
 */
export function planRetry(contract: SourceContract, records: readonly FailedRecord[]): RetryPlan {
  const rows: RetryRow[] = [];
  const skipped: Skipped[] = [];
  for (const origin of records) {
    const values = valuesNow(contract, origin);
    const why = unfit(contract, origin, values);
    if (why === undefined) rows.push(...originsOf(contract, origin).map((one) => ({ origin: one, values })));
    else skipped.push({ rowHash: origin.rowHash, why });
  }
  return { rows, skipped };
}

/** A record as often as it is to be tested: where equal records are no duplicates, each of them. */
function originsOf(contract: SourceContract, origin: FailedRecord): readonly FailedRecord[] {
  const { equals } = origin;
  if (!isByRecord(contract) || equals === undefined) return [origin];
  return equals.map((place) => ({ ...origin, ...place }));
}

/**
 * The values of a record by the contract's columns, corrections put in: a column is found under any spelling that the
 * contract knows. Rescued values keep their own names.
 */
export function valuesNow(
  contract: SourceContract,
  { record, corrections }: Pick<FailedRecord, 'record' | 'corrections'>,
): RetryRow['values'] {
  const spellings = new Map(
    contract.columns.flatMap(({ name, headers }) =>
      headers.map((text) => [normaliseHeader(text), name] as const),
    ),
  );
  const values: Record<string, string | null> = Object.fromEntries(
    contract.columns.map(({ name }) => [name, null]),
  );
  for (const [key, value] of Object.entries(record ?? {})) {
    const name = spellings.get(normaliseHeader(key));
    if (name !== undefined) values[name] = value;
    else if (contract.unknownColumns === 'rescue' || isRejectedJson(contract, key)) values[key] = value;
  }
  return { ...values, ...corrections, ...gatesOf(record) };
}

/** Whether a value is the unknown members of a record of JSON that failed for them: without them it would pass unseen. */
const isRejectedJson = ({ unknownColumns, csv }: SourceContract, key: string): boolean =>
  unknownColumns === 'reject' && csv.format === 'jsonl' && key === RESCUED_NAME;

/** What an event failed at gates stays with it, whatever is corrected: only its topic's gates can say otherwise. */
const gatesOf = (record: FailedRecord['record']): RetryRow['values'] =>
  typeof record?.[GATES_NAME] === 'string' ? { [GATES_NAME]: record[GATES_NAME] } : {};

/** Whether a record is an event that failed at gates other than its contract: only these can heal it. */
export const failedGates = ({ record, reasons }: Pick<FailedRecord, 'record' | 'reasons'>): boolean =>
  typeof record?.[GATES_NAME] === 'string' || isSealedForPersonal(reasons);

/** Whether a record is an event that was sealed whole, since it would have been stored with personal data in the clear. */
const isSealedForPersonal = (reasons: FailedRecord['reasons']): boolean =>
  reasons.some(({ rule }) => rule === PERSONAL_PROBLEM);

function unfit(
  contract: SourceContract,
  found: FailedRecord,
  values: RetryRow['values'],
): string | undefined {
  const { record } = found;
  if (isSealedForPersonal(found.reasons))
    return 'it is an event with personal data where its contract says that there are none, and sealed whole: have its producer send it again without';
  if (failedGates(found))
    return `it is an event that failed at gates (${gateFailures(found).join(', ')}), which judge it anew when it is sent again: assay redrive`;
  const isGiven = (name: string): boolean => (values[name] ?? '').trim() !== '';
  const missing = contract.columns.filter(({ name, required }) => required && !isGiven(name));
  if (record === null && missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    return `it can't be parsed: correct it, giving ${names}`;
  }
  const given = Object.keys(values).filter(isGiven);
  if (given.length === 0) return 'it holds no value';
  const total = contract.csv.totalRowColumn;
  if (given.length === 1 && given[0] === total) return "it looks like the source's total row";
  return undefined;
}

/** What a retry is, for whoever reads its manifest. */
interface RetryHead {
  readonly retryId: string;
  readonly by: string;
  readonly reason: string;
}

/**
 * Writes records as a source file that the next plan takes into its run: CSV in the contract's dialect, where each came
 * from, and last the manifest, whose digest is the file's identity. Returns the file's key.
 */
async function writeRetry(
  effects: Effects,
  contract: SourceContract,
  rows: readonly RetryRow[],
  { retryId, by, reason }: RetryHead,
): Promise<string> {
  const { dataset } = contract;
  const keys = retryKeys(dataset, retryId);
  await writeRows(effects, { key: keys.origins, columns: ORIGIN_COLUMNS, rows: rows.map(originOf) });
  const scratch = await effects.openScratch(`retry-${retryId}`);
  try {
    await writeCsv(effects, scratch, { contract, rows, key: keys.records });
  } finally {
    await scratch.dispose();
  }
  const { digest, version: contractVersion } = contract;
  const text = (await loadContracts(effects.contracts)).texts.get(dataset);
  if (text !== undefined)
    await keepContract(effects.objects, { dataset, digest, meaning: digest }, { contract: text });
  await putDocument(effects.objects, keys.manifest, {
    format: 1,
    contractDigest: digest,
    contractVersion,
    dataset,
    retryId,
    by,
    reason,
    at: effects.clock.now().toISOString(),
    records: rows.length,
    recordsDigest: await effects.data.digest(keys.records),
    originsDigest: await effects.data.digest(keys.origins),
  });
  return keys.records;
}

function originOf({ origin, values }: RetryRow, n: number) {
  const raw = origin.record ?? {};
  const isCorrected = Object.keys(origin.corrections).some((name) => values[name] !== (raw[name] ?? null));
  return {
    source_row_number: n + 1,
    row_hash: origin.rowHash,
    origin_file_id: origin.sourceFileId,
    origin_file: origin.sourceFile,
    origin_row_number: origin.sourceRowNumber,
    failures: origin.failures,
    own_failures: origin.ownFailures,
    is_corrected: isCorrected,
  };
}

interface Writing {
  readonly contract: SourceContract;
  readonly rows: readonly RetryRow[];
  readonly key: string;
}

/** Bytes are written in pieces of about this many characters. */
const PIECE = 1 << 20;

async function writeCsv(effects: Effects, scratch: Scratch, { contract, rows, key }: Writing): Promise<void> {
  const file = await scratch.create('records.csv');
  let text = '';
  for (const line of csvLines(contract, rows)) {
    text += line;
    if (text.length < PIECE) continue;
    await file.write(Buffer.from(text));
    text = '';
  }
  await file.write(Buffer.from(text));
  await file.close();
  await effects.data.publish(file.path, key);
}

/** The lines of a retry's source file, the header first. */
export function* csvLines(
  contract: SourceContract,
  rows: readonly Pick<RetryRow, 'values'>[],
): Generator<string> {
  const known = contract.columns.map(({ name }) => name);
  const names = [...new Set([...known, ...rows.flatMap(({ values }) => Object.keys(values))])];
  const cell = csvCell(contract);
  const { delimiter } = contract.csv;
  // The mark says UTF-8, whatever the contract reads first.
  yield `\uFEFF${names.map(cell).join(delimiter)}\n`;
  for (const { values } of rows) yield `${names.map((name) => cell(values[name] ?? null)).join(delimiter)}\n`;
}

/** A value as the contract's dialect writes it, always in quotes, so that it is read as it is; NULL is nothing. */
function csvCell(contract: SourceContract): (value: string | null) => string {
  const csv = retryDialect(contract.csv);
  return (value) => {
    if (value === null) return '';
    const escaped = [...value].map((one) =>
      one === csv.quote || one === csv.escape ? csv.escape + one : one,
    );
    return csv.quote + escaped.join('') + csv.quote;
  };
}

/** What a retry will test. */
export interface Retry {
  readonly retryId: string;
  /** Key of the source file that the next run takes up. */
  readonly file: string;
  readonly records: number;
  readonly skipped: readonly Skipped[];
}

/**
 * Readies open records for the next run and keeps who wanted it. Throws ConfigError `NOTHING_TO_RETRY` where none of them
 * can be retried as it is.
 */
export async function retryRecords(
  effects: Effects,
  contract: SourceContract,
  records: readonly FailedRecord[],
  word: Word,
): Promise<Retry> {
  const { rows, skipped } = planRetry(contract, records);
  const { dataset } = contract;
  if (rows.length === 0) {
    const why = skipped[0]?.why ?? 'none matches';
    throw new ConfigError('NOTHING_TO_RETRY', `No record of ${dataset} can be retried: ${why}.`, {
      context: { dataset, records: records.length },
    });
  }
  const details = { records: rows.length, skipped: skipped.length };
  const retryId = await keepDecision(effects, { kind: 'retried', dataset, ...word, runId: null, details });
  const file = await writeRetry(effects, contract, rows, { retryId, ...word });
  return { retryId, file, records: rows.length, skipped };
}
