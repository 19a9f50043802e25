import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import type { Problem } from '../../etl/audit/problem.ts';
import { type Files, type Ran, type TestLake, type TestLakeOptions, testLake } from './harness.ts';
import type { Row } from './read-rows.ts';
import { type Reveal, revealer } from './revealed.ts';

/** What a case leaves, by file name under expected/. */
export type Outcome = Readonly<Record<'seal.json' | 'silver.csv' | 'rejects.csv', string>>;

/** What a case leaves, and what an audit of its lake finds wrong, which is to be nothing. */
export interface RanCase {
  readonly outcome: Outcome;
  readonly problems: readonly Problem[];
}

/**
 * Runs a case: its contract over input/*, all at once, or over input/1/*, input/2/* …, one run each. A file
 * `contract-<n>.yaml` takes the contract's place before run n, and whom `forget-<n>.json` names is forgotten before it.
 * What is sealed is shown as it was, in double brackets. `wrap` changes what the stages are handed.
 */
export async function runCase(
  folder: string,
  { wrap }: Pick<TestLakeOptions, 'wrap'> = {},
): Promise<RanCase> {
  const contract = await readFile(path.join(folder, 'contract.yaml'), 'utf8');
  const isSealed = contract.includes('assay.protect');
  const lake = await testLake({
    contracts: [contract],
    vault: isSealed,
    ...(wrap === undefined ? {} : { wrap }),
  });
  try {
    const runs: unknown[] = [];
    for (const [n, files] of (await inputsOf(path.join(folder, 'input'))).entries()) {
      const changed = await readIfThere(path.join(folder, `contract-${n + 1}.yaml`));
      if (changed !== undefined) await lake.setContract(changed);
      await forget(lake, await readIfThere(path.join(folder, `forget-${n + 1}.json`)));
      runs.push(describeRun(await lake.dropAndRun(files)));
    }
    const reveal = isSealed ? revealer(lake) : undefined;
    const rejects = [
      ...(await lake.rows('quarantine')).map((row) => ({ verdict: 'quarantined', ...row })),
      ...(await lake.rows('condemned')).map((row) => ({ verdict: 'condemned', ...row })),
    ];
    const outcome = {
      'seal.json': `${JSON.stringify(runs, null, 2)}\n`,
      'silver.csv': toCsv(await shown((await lake.rows('silver')).map(silverLine), reveal)),
      'rejects.csv': toCsv(await shown(rejects.map(rejectLine), reveal)),
    };
    const { problems } = await auditDataset(lake.lake.effects, { dataset: lake.dataset });
    return { outcome, problems };
  } finally {
    await lake.dispose();
  }
}

interface Forgotten {
  readonly kind: string;
  readonly id: string;
}

async function forget({ lake }: TestLake, text: string | undefined): Promise<void> {
  for (const subject of text === undefined ? [] : (JSON.parse(text) as Forgotten[])) {
    const origin = { by: 'ann', reason: 'asked for', until: new Date('2099-01-01') };
    const erasure = await lake.effects.vault?.forget(subject, origin);
    if (erasure === undefined) throw new Error(`nobody knows ${subject.id}`);
  }
}

/** Rows with what was sealed; their hashes are of envelopes, which differ from lake to lake, and so are file names. */
async function shown(rows: readonly Row[], reveal: Reveal | undefined): Promise<Row[]> {
  if (reveal === undefined) return [...rows];
  const order = [...rows].sort((a, b) => (rowOrder(a) < rowOrder(b) ? -1 : 1));
  const all: Row[] = [];
  for (const row of order)
    all.push(
      await reveal({ ...row, row_hash: '…', ...(row.source_file === undefined ? {} : { source_file: '…' }) }),
    );
  return all;
}

/** The files of each run, in the order of their names. */
async function inputsOf(folder: string): Promise<Files[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const runs = entries.filter((entry) => entry.isDirectory());
  if (runs.length === 0) return [await filesIn(folder)];
  return Promise.all(runs.map((run) => filesIn(path.join(folder, run.name))));
}

async function filesIn(folder: string): Promise<Files> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)),
  );
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** What a person would want to see of a run: nothing that differs from place to place or day to day. */
function describeRun({ status, record }: Ran): unknown {
  if (record === undefined) return { status };
  const { counts, reasons, why, files, controlTotals } = record;
  return {
    status,
    counts,
    reasons,
    why,
    files: files.map(({ sourceFileId: _id, sizeBytes: _size, ...file }) => ({
      ...file,
      key: nameOf(file.key),
    })),
    controlTotals: controlTotals.map((total) => ({ ...total, key: nameOf(total.key) })),
  };
}

/** A protected file's name is the vault's. */
const nameOf = (key: unknown): string =>
  (String(key).split('/').at(-1) ?? '').replace(/^.*\.sealed\.csv$/, '….sealed.csv');

function silverLine(row: Row): Row {
  const { source_file_id: _id, ingestion_timestamp: _at, row_hash: hash, ...rest } = row;
  return { ...rest, row_hash: shortHash(hash) };
}

function rejectLine(row: Row): Row {
  const { source_file_id: _id, ingestion_timestamp: _at, contract_version: _version, ...rest } = row;
  const { verdict, run_id, source_file, source_row_number, ...others } = rest;
  const reasons = (row.reasons as Record<string, unknown>[]).map(({ rule, column, code, value }) =>
    [code, column, rule, showValue(value)].filter((part) => part !== null && part !== undefined).join(' / '),
  );
  return {
    run_id,
    source_file: nameOf(source_file),
    source_row_number,
    verdict,
    ...others,
    reasons: reasons.join('; '),
    row_hash: shortHash(row.row_hash),
  };
}

/** A digest differs from lake to lake, since each has its own key. */
function showValue(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^digest:[0-9a-f]{16}$/, 'digest:…') : value;
}

function shortHash(hash: unknown): string {
  return String(hash).slice(0, 16);
}

const rowOrder = (row: Row): string =>
  `${row.run_id} ${row.source_file ?? ''} ${String(row.source_row_number).padStart(9, '0')} ${row.row_hash}`;

/** Rows as CSV, ordered by run, file, number and hash; NULL is empty and the empty text is quoted. */
function toCsv(rows: readonly Row[]): string {
  const sorted = [...rows].sort((a, b) =>
    rowOrder(a) < rowOrder(b) ? -1 : rowOrder(a) > rowOrder(b) ? 1 : 0,
  );
  const columns = Object.keys(sorted[0] ?? {});
  const lines = sorted.map((row) => columns.map((name) => csvField(row[name])).join(','));
  return [columns.join(','), ...lines, ''].join('\n');
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  if (text.length > 200) return csvField(`${text.slice(0, 100)}… (${text.length} characters)`);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
