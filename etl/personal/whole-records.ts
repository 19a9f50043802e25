import type { SourceContract } from '../contract/contract.ts';
import { type Engine, type SqlRow, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import { bronzePrefix, isSealed } from '../naming/bronze.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { keyedCells } from '../privacy/open-cells.ts';
import { LINE_COLUMN, UNKNOWN_GROUP } from '../privacy/protect-rows.ts';
import { Sodium } from '../privacy/sodium.ts';
import { createLakeViews } from '../query/lake-views.ts';
import type { AskedSubject } from './asked-subject.ts';
import { recordsIn } from './bronze-records.ts';
import { subjectNamer } from './subject-namer.ts';
import { vaultOf } from './vault-of.ts';

/** A record that couldn't be parsed, and was sealed whole under a key of its own. */
export interface WholeRecord {
  readonly dataset: string;
  /** Key of its file in Bronze. */
  readonly sourceFile: string;
  /** Its number in the file; unknown where the file was not judged yet. */
  readonly sourceRowNumber: number | null;
  /** `quarantine`, `condemned`, or `bronze` where its file was not judged yet. */
  readonly layer: 'quarantine' | 'condemned' | 'bronze';
  readonly envelope: string;
}

/** One that was opened. */
export interface OpenedWhole extends WholeRecord {
  readonly text: string;
}

/** The records of a subject's datasets that couldn't be parsed and whose text has the subject's id, opened; each text once in each place. */
export async function wholeRecordsNaming(
  effects: Effects,
  asked: AskedSubject,
): Promise<readonly OpenedWhole[]> {
  const found: OpenedWhole[] = [];
  for (const dataset of asked.datasets) {
    const records = await wholeRecordsOf(effects, dataset.contract);
    found.push(...(await openWhole(effects, records, subjectNamer(dataset, asked))));
  }
  return found;
}

/** Every record of a dataset that is sealed whole: those that were judged, and those of files that were not. */
async function wholeRecordsOf(effects: Effects, contract: SourceContract): Promise<readonly WholeRecord[]> {
  const { dataset } = contract;
  const columns = await vaultOf(effects).columns();
  const ids = [...columns].flatMap(([id, one]) =>
    one.dataset === dataset && one.column === LINE_COLUMN ? [id] : [],
  );
  if (ids.length === 0) return [];
  const beginnings = ids.map((id) => `~1.${id}.`);
  const judged = await withScratchEngine(effects, 'privacy', async (engine) => ({
    records: await judgedRecords(engine, effects, { dataset, beginnings }),
    files: await judgedFiles(engine, dataset),
  }));
  const waiting: WholeRecord[] = [];
  for (const { key } of await effects.objects.list(bronzePrefix(dataset)))
    if (isSealed(key) && !judged.files.has(key))
      for await (const envelope of envelopesIn(effects, key, beginnings))
        waiting.push({ dataset, sourceFile: key, sourceRowNumber: null, layer: 'bronze', envelope });
  return [...judged.records, ...waiting];
}

async function judgedRecords(
  engine: Engine,
  effects: Effects,
  { dataset, beginnings }: { readonly dataset: string; readonly beginnings: readonly string[] },
): Promise<readonly WholeRecord[]> {
  await createLakeViews(engine, effects, tableName('silver', dataset), { kind: 'now' }, { dataset });
  const begins = beginnings.map((one) => `starts_with(raw_text, ${literal(one)})`).join(' OR ');
  const selects = (['quarantine', 'condemned'] as const).map(
    (layer) =>
      `SELECT DISTINCT ${literal(layer)} AS layer, source_file, source_row_number, raw_text FROM ${tableOf(layer, dataset)} WHERE ${begins}`,
  );
  const rows = await engine.rows(selects.join(' UNION ALL '));
  return rows.map((row) => wholeRecord(dataset, row));
}

const wholeRecord = (dataset: string, row: SqlRow): WholeRecord => ({
  dataset,
  sourceFile: textOf(row, 'source_file'),
  sourceRowNumber: row.source_row_number === null ? null : Number(row.source_row_number),
  layer: row.layer === 'condemned' ? 'condemned' : 'quarantine',
  envelope: textOf(row, 'raw_text'),
});

/** Files of a dataset that are in its ledger as the engine's view has it, and were not rejected as a whole. */
export async function judgedFiles(engine: Engine, dataset: string): Promise<ReadonlySet<string>> {
  const rows = await engine.rows(
    `SELECT DISTINCT source_file FROM ${tableOf('source_files', dataset)} WHERE status <> 'rejected'`,
  );
  return new Set(rows.map((row) => textOf(row, 'source_file')));
}

/** A dataset's table as a view of the lake, in quotes. */
export const tableOf = (layer: Parameters<typeof tableName>[0], dataset: string): string =>
  tableName(layer, dataset).split('.').map(identifier).join('.');

/** The envelopes of a protected file that begin so. */
async function* envelopesIn(
  effects: Pick<Effects, 'data'>,
  key: string,
  beginnings: readonly string[],
): AsyncGenerator<string> {
  for await (const text of recordsIn(effects, key)) yield* envelopesOf(text, beginnings);
}

function* envelopesOf(text: string, beginnings: readonly string[]): Generator<string> {
  for (const [envelope] of text.matchAll(/~1\.[a-z2-7]{8}\.[a-z2-7]{26}\.\d{6}\.[\w-]*/g))
    if (beginnings.some((one) => envelope.startsWith(one))) yield envelope;
}

/** The vault is asked for the keys of so many at once: each time, it reads most of its files. */
const BATCH = 50_000;

/** Those of the records whose text is meant, opened; those whose keys are gone are left out. */
async function openWhole(
  effects: Effects,
  records: readonly WholeRecord[],
  isMeant: (text: string) => boolean,
): Promise<readonly OpenedWhole[]> {
  if (records.length === 0) return [];
  const sodium = await Sodium.open();
  const parts = { vault: vaultOf(effects), sodium, groups: new Set([UNKNOWN_GROUP]) };
  const meant: OpenedWhole[] = [];
  try {
    for (let n = 0; n < records.length; n += BATCH) {
      const batch = records.slice(n, n + BATCH);
      const open = await keyedCells(
        parts,
        batch.map(({ envelope }) => envelope),
      );
      for (const [at, record] of batch.entries()) {
        const cell = open(at);
        if (cell.kind === 'clear' && isMeant(cell.text)) meant.push({ ...record, text: cell.text });
      }
    }
  } finally {
    sodium.dispose();
  }
  return meant;
}
