import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { lettersAndDigits, rejectedText } from '../pollution/measure.ts';
import { contractText } from '../stages/contract-text.ts';
import { type Ran, type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { columnName, contractOf, headersOf, Parameters } from './contract-of.ts';

/** What became of a file of the benchmark. */
export interface Loaded {
  readonly file: string;
  /** What the loaded file says, as CSV; undefined where the run failed. */
  readonly csv: string | undefined;
  /** Why it was not read, or its run failed. */
  readonly note: string | undefined;
  /** Records that came to Silver, and that are quarantined. */
  readonly silver: number;
  readonly rejects: number;
  /** Records of the clean file that are in neither. */
  readonly lost: number;
  /** Records in Silver that the clean file doesn't have, or not so often. */
  readonly wrong: number;
}

/** Files that share a lake; each has a dataset of its own there. */
const FILES_OF_LAKE = 100;

/** Lets the pipeline read files of the benchmark in `folder` (its `polluted_files`), in order. */
export async function* loadFiles(folder: string, files: readonly string[]): AsyncGenerator<Loaded> {
  for (let from = 0; from < files.length; from += FILES_OF_LAKE) {
    const lake = await testLake({ contracts: [FIRST] });
    try {
      for (const [n, file] of files.slice(from, from + FILES_OF_LAKE).entries())
        yield await loadFile(lake, { folder, file, dataset: `pollock.f${n}` });
    } finally {
      await lake.dispose();
    }
  }
}

/** A lake has a contract from the first; each file's replaces it. */
const FIRST = contractText({
  dataset: 'pollock.first',
  partitionColumn: 'c0',
  columns: [{ name: 'c0', type: 'date', key: true }],
});

interface FileToLoad {
  readonly folder: string;
  readonly file: string;
  readonly dataset: string;
}

async function loadFile(lake: TestLake, { folder, file, dataset }: FileToLoad): Promise<Loaded> {
  const read = (...parts: string[]): Promise<Buffer> => readFile(path.join(folder, ...parts));
  const parameters = Parameters.parse(
    JSON.parse((await read('parameters', `${file}_parameters.json`)).toString()),
  );
  const clean: string[][] = parse(await read('clean', file), { relax_column_count: true });
  // A file without a header has none when it is clean, either.
  const records = clean.slice(parameters.header_lines > 0 ? 1 : 0);
  try {
    await lake.setContract(contractOf(dataset, parameters));
    const ran = await lake.dropAndRun({ [file]: await read('csv', file) }, dataset);
    const silver = await lake.rows('silver', dataset);
    const rejects = [...(await lake.rows('quarantine', dataset)), ...(await lake.rows('condemned', dataset))];
    const found = { headers: headersOf(parameters), silver, rejects, records };
    return { file, ...outcome(ran, { ...found, hasHeader: parameters.header_lines > 0 }) };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { file, csv: undefined, note, silver: 0, rejects: 0, lost: records.length, wrong: 0 };
  }
}

interface Found {
  readonly headers: readonly string[];
  /** Whether the file has a header; what was loaded of one without is written without, as the clean file is. */
  readonly hasHeader: boolean;
  readonly silver: readonly Row[];
  readonly rejects: readonly Row[];
  /** The clean file's. */
  readonly records: readonly (readonly string[])[];
}

function outcome(ran: Ran, found: Found): Omit<Loaded, 'file'> {
  const { headers, hasHeader, silver, rejects, records } = found;
  const rows = inOrder(silver).map((row) => headers.map((_, place) => textIn(row, place)));
  const sealed = ran.seal?.files[0];
  const isRead = sealed?.status === 'accepted' || sealed?.status === 'empty';
  const note = isRead ? undefined : (sealed?.note ?? `the run ended as ${ran.status}`);
  const counts = { silver: silver.length, rejects: rejects.length, wrong: countWrong(rows, records) };
  if (!isRead) return { csv: undefined, note, ...counts, lost: 0 };
  const lost = countLost(tracesOf(headers, [...silver, ...rejects]), records);
  return { csv: csvOf(hasHeader ? [headers, ...rows] : rows), note, ...counts, lost };
}

function inOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => Number(a.source_row_number) - Number(b.source_row_number));
}

/** A value as its file wrote it: the day as day, month and year. */
function textIn(row: Row, place: number): string {
  const value = row[columnName(place)];
  if (value === null || value === undefined) return '';
  return place === 0 ? String(value).split('-').toReversed().join('/') : String(value);
}

/** Rows that are no record of the clean file, each of which is one row's only. */
function countWrong(rows: readonly (readonly string[])[], records: Found['records']): number {
  const left = new Map<string, number>();
  for (const record of records) left.set(record.join('\0'), (left.get(record.join('\0')) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(row.join('\0')) ?? 0;
    left.set(row.join('\0'), count - 1);
    return count <= 0;
  }).length;
}

/** All that is there of a file, in the order of its records, so that one that was cut in two reads on. */
function tracesOf(headers: readonly string[], rows: readonly Row[]): string {
  const text = (row: Row): string =>
    'raw_text' in row ? rejectedText(row) : headers.map((_, place) => textIn(row, place)).join('');
  return lettersAndDigits(inOrder(rows).map(text).join(''));
}

/** Records whose letters and digits don't follow in what is there of the file. */
function countLost(traces: string, records: Found['records']): number {
  let [from, lost] = [0, 0];
  for (const record of records) {
    const text = lettersAndDigits(record.join(''));
    const at = traces.indexOf(text, from);
    if (at < 0) lost++;
    else from = at + text.length;
  }
  return lost;
}

function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`).join('');
}
