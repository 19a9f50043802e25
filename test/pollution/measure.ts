import { createHash } from 'node:crypto';
import { isCommitted } from '../../etl/stages/outcomes.ts';
import { type Ran, type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { COLUMNS, CONTRACT, type TrueRecord } from './clean-file.ts';
import type { PollutedFile } from './matrix.ts';

/** What became of the files of one kind of defect. */
export interface KindResult {
  readonly kind: string;
  files: number;
  /** Files of runs that did not end with a snapshot and a proof. */
  crashes: number;
  /** Files that were rejected as a whole, found empty or set aside, with a note that says so. */
  rejected: number;
  /** Records of the files as they were before the defect. */
  records: number;
  /** Records without any trace: not in Silver, not among the rejects, and in no file that was rejected. */
  lost: number;
  /** Records in Silver with a value that isn't theirs, and ones that no source has. */
  shifted: number;
  /** Records of files that were read in which the defect does not lie. */
  valid: number;
  /** Of those, the ones in Silver with every value. */
  kept: number;
  /** Where something is not as it should be, for people. */
  readonly findings: string[];
}

/** Files that share a run. */
const BATCH = 500;

/** Lets the pipeline read polluted files; the results by kind, in the order in which the kinds come. */
export async function measurePollution(
  files: readonly PollutedFile[],
  progress: (done: number) => void = () => undefined,
): Promise<KindResult[]> {
  const results = new Map<string, KindResult>();
  for (let from = 0; from < files.length; from += BATCH) {
    const batch = files.slice(from, from + BATCH);
    for (const [n, found] of (await readFiles(batch)).entries()) {
      const file = batch[n];
      if (file !== undefined) count(resultOf(results, file.kind), file, found);
    }
    progress(from + batch.length);
  }
  return [...results.values()];
}

/** What the pipeline made of one file; undefined where its run failed. */
interface Found {
  readonly isRead: boolean;
  /** Why it was not read. */
  readonly note: string | undefined;
  readonly silver: readonly Row[];
  readonly rejects: readonly Row[];
}

async function readFiles(files: readonly PollutedFile[]): Promise<(Found | undefined)[]> {
  const lake = await testLake({ contracts: [CONTRACT] });
  try {
    const runs = await runAll(lake, files);
    if (runs === undefined) return files.map(() => undefined);
    const silver = rowsByFile(await lake.rows('silver'));
    const rejects = rowsByFile([...(await lake.rows('quarantine')), ...(await lake.rows('condemned'))]);
    return files.map(({ bytes }) => {
      const id = createHash('sha256').update(bytes).digest('hex');
      const status = statusOf(runs, id);
      return status && { ...status, silver: silver.get(id) ?? [], rejects: rejects.get(id) ?? [] };
    });
  } finally {
    await lake.dispose();
  }
}

/**
 * The runs over all files: one, and after a run that was refused for some files, which are set aside then, another over
 * the others. Undefined where a run failed, or was refused for anything but a file's own sake.
 */
async function runAll(lake: TestLake, files: readonly PollutedFile[]): Promise<Ran[] | undefined> {
  const names = files.map(({ bytes }, n) => [`f${String(n).padStart(5, '0')}.csv`, bytes] as const);
  try {
    const runs = [await lake.dropAndRun(Object.fromEntries(names))];
    if (runs[0]?.status === 'refused') runs.push(await lake.run());
    const last = runs.at(-1);
    return last !== undefined && isCommitted(last.status) && last.seal?.unproven.length === 0
      ? runs
      : undefined;
  } catch {
    return undefined;
  }
}

function statusOf(runs: readonly Ran[], id: string): Pick<Found, 'isRead' | 'note'> | undefined {
  for (const { seal } of runs.toReversed()) {
    const sealed = seal?.files.find(({ sourceFileId }) => sourceFileId === id);
    if (sealed === undefined) continue;
    const refused = seal?.unproven.find(({ key }) => key === sealed.key);
    return {
      isRead: sealed.status === 'accepted' && refused === undefined,
      note: refused?.problem ?? sealed.note,
    };
  }
  return undefined;
}

function count(result: KindResult, file: PollutedFile, found: Found | undefined): void {
  const { records } = file.clean;
  result.files++;
  result.records += records.length;
  if (found === undefined) {
    result.crashes++;
    result.findings.push(`${file.where}: the run failed`);
    return;
  }
  const note = (what: string): void => void result.findings.push(`${file.where}: ${what}`);
  for (const row of found.silver.filter((one) => isShifted(one, records))) {
    result.shifted++;
    note(`record ${row.source_row_number} is in Silver with values that are not its own`);
  }
  if (!found.isRead) {
    result.rejected++;
    if (found.note === undefined) note('not read, without a reason');
    return;
  }
  const traces = tracesOf(found);
  for (const [n, record] of records.entries()) {
    if (!traces.includes(lettersAndDigits(record.id ?? ''))) {
      result.lost++;
      note(`record ${n + 1} left no trace`);
    }
    if (file.touched.includes(n)) continue;
    result.valid++;
    if (found.silver.some((row) => isSame(row, record))) result.kept++;
    else note(`valid record ${n + 1} was not kept`);
  }
}

/** All that is there of a file, in the order of its records, so that one that was cut in two reads on. */
function tracesOf({ silver, rejects }: Found): string {
  const texts = [
    ...silver.map((row) => ({ row, text: COLUMNS.map((name) => textIn(row, name)).join('') })),
    ...rejects.map((row) => ({ row, text: rejectedText(row) })),
  ];
  const inOrder = texts.sort((a, b) => Number(a.row.source_row_number) - Number(b.row.source_row_number));
  return lettersAndDigits(inOrder.map(({ text }) => text).join(''));
}

/** A reject's text, or its raw values. */
export function rejectedText({ raw_text: text, record }: Row): string {
  if (typeof record !== 'string') return String(text ?? '');
  return Object.values(JSON.parse(record)).join('');
}

/** Whether a row of Silver has a value in a column where its record has another. */
function isShifted(row: Row, records: readonly TrueRecord[]): boolean {
  const record = records.find(({ id }) => lettersAndDigits(id ?? '') === lettersAndDigits(String(row.id)));
  // Signs that the defect brought in where they are part of a value are no shift.
  return (
    record === undefined ||
    COLUMNS.some((name) => lettersAndDigits(textIn(row, name)) !== lettersAndDigits(truthOf(record, name)))
  );
}

function isSame(row: Row, record: TrueRecord): boolean {
  return COLUMNS.every((name) => textIn(row, name) === truthOf(record, name));
}

function textIn(row: Row, name: (typeof COLUMNS)[number]): string {
  const value = row[name];
  return value === null || value === undefined
    ? ''
    : name === 'amount'
      ? Number(value).toFixed(2)
      : String(value);
}

const truthOf = (record: TrueRecord, name: (typeof COLUMNS)[number]): string => record[name] ?? '';

/** Letters and digits alone: what no defect of delimiters, quotes and line ends changes. */
export function lettersAndDigits(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '');
}

function rowsByFile(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const id = String(row.source_file_id);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [row]);
    else group.push(row);
  }
  return groups;
}

function resultOf(results: Map<string, KindResult>, kind: string): KindResult {
  const known = results.get(kind);
  if (known !== undefined) return known;
  const fresh: KindResult = {
    kind,
    files: 0,
    crashes: 0,
    rejected: 0,
    records: 0,
    lost: 0,
    shifted: 0,
    valid: 0,
    kept: 0,
    findings: [],
  };
  results.set(kind, fresh);
  return fresh;
}
