import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { isCommitted } from '../../etl/stages/outcomes.ts';
import { type Expected, expectedOf, foundIn, type Standing } from '../oracle/expected.ts';
import { type Files, type Ran, type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import type { FuzzCase } from './arbitrary-case.ts';
import { DIALECTS, type Dialect } from './dialects.ts';
import { keyOf, makeFile } from './make-file.ts';

/** A case's file at its place in a run. */
interface PlacedFile {
  readonly place: number;
  readonly name: string;
  readonly one: FuzzCase;
  readonly bytes: Buffer;
}

/** What should become of a file; the oracle's word, unless a test wants to see that another's is noticed. */
export type Expectation = (file: Uint8Array, contract: SourceContract, standing: Standing) => Expected;

/**
 * Runs cases, all of a dialect in one run, and looks at each: what is wrong, by the case's place; empty where nothing
 * is. What a run as a whole did wrong is said of each of its cases.
 */
export async function checkCases(
  cases: readonly FuzzCase[],
  expectation: Expectation = expectedOf,
): Promise<Map<number, string>> {
  const lake = await testLake({ contracts: DIALECTS.map(({ text }) => text) });
  const problems = new Map<number, string>();
  try {
    for (const [index, dialect] of DIALECTS.entries()) {
      const files = cases.flatMap((one, place) => (one.dialect === index ? [placed(one, place)] : []));
      if (files.length === 0) continue;
      for (const [place, problem] of await checkDialect(lake, dialect, files, expectation))
        problems.set(place, problem);
    }
  } finally {
    await lake.dispose();
  }
  return problems;
}

function placed(one: FuzzCase, place: number): PlacedFile {
  return { place, name: `f${String(place).padStart(5, '0')}.csv`, one, bytes: makeFile(one, place) };
}

async function checkDialect(
  lake: TestLake,
  { dataset, contract }: Dialect,
  files: readonly PlacedFile[],
  expectation: Expectation,
): Promise<Map<number, string>> {
  const dropped: Files = Object.fromEntries(files.map(({ name, bytes }) => [name, bytes]));
  const ofAll = (problem: string): Map<number, string> =>
    new Map(files.map(({ place }) => [place, problem] as const));
  let ran: Ran;
  try {
    ran = await lake.dropAndRun(dropped, dataset);
  } catch (error) {
    return ofAll(`the run crashed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  const failure = runProblem(ran);
  if (failure !== undefined) return ofAll(failure);
  const rows = {
    silver: byFile(await lake.rows('silver', dataset)),
    quarantined: byFile(await lake.rows('quarantine', dataset)),
    condemned: byFile(await lake.rows('condemned', dataset)),
  };
  const problems = new Map<number, string>();
  const standing: Standing = new Map();
  const done = new Set<string>();
  for (const file of files) {
    const id = digestOf(file.bytes);
    // The same bytes again are a repeat, which has no records of its own.
    if (done.has(id)) continue;
    done.add(id);
    const mine = {
      silver: rows.silver.get(id) ?? [],
      quarantined: rows.quarantined.get(id) ?? [],
      condemned: rows.condemned.get(id) ?? [],
    };
    const problem =
      conservationProblem(ran, id, mine) ??
      oracleProblem(ran, id, foundIn({ contract, ...mine }), expectation(file.bytes, contract, standing)) ??
      neighbourProblem(ran, id, file, mine);
    if (problem !== undefined) problems.set(file.place, problem);
  }
  return problems;
}

/** The rows of one file, by verdict. */
interface FileRows {
  readonly silver: readonly Row[];
  readonly quarantined: readonly Row[];
  readonly condemned: readonly Row[];
}

function runProblem({ status, record, seal }: Ran): string | undefined {
  if (!isCommitted(status)) return `the run ended ${status}: ${record?.why.join('; ')}`;
  if (seal === undefined || seal.unproven.length > 0)
    return `not proven: ${JSON.stringify(seal?.unproven ?? 'no seal')}`;
  return undefined;
}

/** Every record of the file has one verdict, by number and by identity. */
function conservationProblem({ seal }: Ran, id: string, rows: FileRows): string | undefined {
  const sealed = seal?.files.find(({ sourceFileId, status }) => sourceFileId === id && status !== 'repeat');
  if (sealed === undefined) return 'the seal has no such file';
  const { records, silver, quarantined, condemned, blank, footer = 0, repeats = 0 } = sealed;
  const apart = blank + footer + repeats;
  if (silver + quarantined + condemned + apart !== records) return `counts don't add up: ${count(sealed)}`;
  const numbers = [...rows.silver, ...rows.quarantined, ...rows.condemned].map((row) =>
    Number(row.source_row_number),
  );
  const isWrong = numbers.some((number) => number < 1 || number > records);
  if (isWrong || new Set(numbers).size !== numbers.length || numbers.length !== records - apart)
    return `records ${numbers.sort((a, b) => a - b).join()} of ${count(sealed)}`;
  return undefined;
}

function count(sealed: Readonly<Record<string, unknown>>): string {
  return ['records', 'silver', 'quarantined', 'condemned', 'blank', 'footer', 'repeats']
    .map((name) => `${name} ${sealed[name] ?? 0}`)
    .join(', ');
}

function oracleProblem(
  { seal }: Ran,
  id: string,
  found: Expected['lines'],
  expected: Expected,
): string | undefined {
  const sealed = seal?.files.find(({ sourceFileId, status }) => sourceFileId === id && status !== 'repeat');
  const said = `${sealed?.status} (${sealed?.note ?? 'no note'}), ${sealed?.records} records`;
  if (
    sealed?.status !== expected.status ||
    sealed.records !== expected.records ||
    !(sealed.note ?? '').includes(expected.note)
  ) {
    return `the file is ${said}; the oracle says ${expected.status} (${expected.note}), ${expected.records} records`;
  }
  const { footer = 0, repeats = 0 } = sealed;
  if (footer !== expected.footer || repeats !== expected.repeats)
    return `the file has ${count(sealed)}; the oracle says footer ${expected.footer}, repeats ${expected.repeats}`;
  const numbers = new Set([...Object.keys(found), ...Object.keys(expected.lines)]);
  for (const number of numbers) {
    if (isDeepStrictEqual(found[number], expected.lines[number])) continue;
    return `record ${number} is\n    ${found[number] ?? 'blank'}\n  and the oracle says\n    ${expected.lines[number] ?? 'blank'}`;
  }
  return undefined;
}

/**
 * Whether a line that is a valid record on its own got another verdict, without asking the oracle: it has to be in
 * Silver under its key, unless a quoted field of another record that is well formed runs over it.
 */
function neighbourProblem(
  { seal }: Ran,
  id: string,
  { one, place }: PlacedFile,
  rows: FileRows,
): string | undefined {
  const sealed = seal?.files.find(({ sourceFileId }) => sourceFileId === id);
  if (sealed?.status !== 'accepted' || !hasUsualHeader(one)) return undefined;
  const kept = new Set(rows.silver.map((row) => row.id));
  const values = [
    ...rows.silver.flatMap(Object.values),
    ...[...rows.quarantined, ...rows.condemned].flatMap(valuesOf),
  ].filter((value) => typeof value === 'string' && /[\r\n]/.test(value));
  // Of a span that is too long only the beginning is kept: whose lines it had, this can't say.
  if ([...rows.quarantined, ...rows.condemned].some((row) => String(row.raw_text ?? '').length > 4000))
    return undefined;
  for (const [n, { isValid }] of one.lines.entries()) {
    const key = keyOf(place, n + 1);
    if (!isValid || kept.has(key) || values.some((value) => String(value).includes(key))) continue;
    return `the valid record ${key} lost its verdict`;
  }
  return undefined;
}

/** Whether the header is the first line, or none, and names the columns in the order in which valid records are written. */
function hasUsualHeader({ header, dialect, isEnded, lines }: FuzzCase): boolean {
  const { contract } = DIALECTS[dialect] ?? {};
  const usual = contract?.columns.map(({ name }) => name).join(contract.csv.delimiter);
  return header.text === usual && (isEnded || lines.length > 0);
}

/** The raw values of a record that failed; its text, where it is well formed but in no encoding. */
function valuesOf(row: Row): unknown[] {
  return typeof row.record === 'string' ? Object.values(JSON.parse(row.record)) : [row.raw_text];
}

function byFile(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const id = String(row.source_file_id);
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  return groups;
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
