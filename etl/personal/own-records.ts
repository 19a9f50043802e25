import type { ContractColumn } from '../contract/contract.ts';
import { type Engine, type SqlRow, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { readEnvelope } from '../privacy/envelope.ts';
import { fittingSubjectId } from '../privacy/fitting-id.ts';
import { openCells } from '../privacy/open-cells.ts';
import { protectionOf, subjectOf } from '../privacy/protection.ts';
import { Sodium } from '../privacy/sodium.ts';
import { loadRetryTables, retryTables } from '../quarantine/retry-files.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { type AskedSubject, type SubjectDataset, withNulls } from './asked-subject.ts';
import { subjectNamer } from './subject-namer.ts';
import { vaultOf } from './vault-of.ts';
import { tableOf } from './whole-records.ts';

/** A failed record that names nobody as its contract wants it, and so was sealed under a key of its own. */
export interface OwnRecord {
  readonly dataset: string;
  readonly layer: 'quarantine' | 'condemned';
  readonly sourceFile: string;
  readonly sourceRowNumber: number;
  /** What stands for the record in its envelopes. */
  readonly reference: string;
}

/** Whose records are looked for: the subject, and the references that the vault has of it. */
export interface SoughtOwner {
  readonly asked: AskedSubject;
  readonly references: readonly string[];
}

/**
 * Failed records that name nobody as their contract wants it, and are the subject's all the same: its id stands where
 * somebody is to be named, with more around it, or people corrected the record to be the subject's.
 */
export async function ownRecordsOf(effects: Effects, sought: SoughtOwner): Promise<readonly OwnRecord[]> {
  const found: OwnRecord[] = [];
  for (const dataset of sought.asked.datasets) {
    const candidates = await candidatesIn(effects, dataset, sought);
    const texts = await openTexts(effects, candidates);
    const isNamed = subjectNamer(dataset, sought.asked);
    const isMeant = ({ isLinked }: Candidate, n: number): boolean => isLinked || isNamed(texts[n] ?? '');
    found.push(...candidates.filter(isMeant).map(({ own }) => own));
  }
  return found;
}

interface Candidate {
  readonly own: OwnRecord;
  /** What stands where somebody is to be named: an envelope, or a text in the clear. */
  readonly cell: string;
  /** Whether people corrected the record to be the subject's. */
  readonly isLinked: boolean;
}

async function candidatesIn(
  effects: Effects,
  dataset: SubjectDataset,
  sought: SoughtOwner,
): Promise<readonly Candidate[]> {
  const name = dataset.contract.dataset;
  const rows = await withScratchEngine(effects, 'privacy', async (engine) => {
    await createLakeViews(engine, effects, tableName('silver', name), { kind: 'now' }, { dataset: name });
    await loadRetryTables(engine, effects, name);
    return await failedRows(engine, dataset, sought);
  });
  return rows.flatMap((row) => dataset.columns.flatMap((column) => candidateOf(row, dataset, column) ?? []));
}

/** Rows that may be sealed for themselves alone, each with whether a person made it the subject's. */
async function failedRows(
  engine: Engine,
  { contract, columns }: SubjectDataset,
  { asked, references }: SoughtOwner,
): Promise<SqlRow[]> {
  const { origins, corrections } = retryTables(contract.dataset);
  const layers = (['quarantine', 'condemned'] as const).map(
    (layer) =>
      `SELECT ${literal(layer)} AS layer, source_file, source_file_id, source_row_number, record FROM ${tableOf(layer, contract.dataset)} WHERE record IS NOT NULL`,
  );
  const ids = asked.subjects.map(({ id }) => id);
  const named = [...references, ...ids].map(literal).join(', ');
  const looks = columns.map((column) => {
    const cell = `json_extract_string(record, ${literal(`$."${column.name.replaceAll('"', '\\"')}"`)})`;
    const has = isClear(column) ? ids.map((id) => ` OR contains(${cell}, ${literal(id)})`).join('') : '';
    return `starts_with(${cell}, '~1.')${has}`;
  });
  return await engine.rows(
    `WITH linked AS (SELECT DISTINCT source_file AS file, source_row_number AS n FROM ${corrections}
       WHERE field IN (${columns.map(({ name }) => literal(name)).join(', ')}) AND new_value IN (${named})),
     rows AS (SELECT r.*, coalesce(o.origin_file, r.source_file) AS file, coalesce(o.origin_row_number, r.source_row_number) AS n
       FROM (${layers.join(' UNION ALL ')}) AS r LEFT JOIN ${origins} AS o ON o.retry_file_id = r.source_file_id AND o.source_row_number = r.source_row_number)
     SELECT DISTINCT layer, source_file, CAST(source_row_number AS VARCHAR) AS number, record, (linked.file IS NOT NULL) AS is_linked
     FROM rows LEFT JOIN linked USING (file, n) WHERE linked.file IS NOT NULL OR ${looks.join(' OR ')}`,
  );
}

/** Whether a column has ids in the clear. */
const isClear = ({ protect }: ContractColumn): boolean => protect === undefined || protect.as === 'clear';

/** A row as far as a column names somebody; undefined where that is a person whom the vault knows, or nothing is sealed. */
function candidateOf(
  row: SqlRow,
  { contract }: SubjectDataset,
  column: ContractColumn,
): Candidate | undefined {
  const values = JSON.parse(textOf(row, 'record')) as Readonly<Record<string, string | null>>;
  const cell = values[column.name] ?? '';
  const isLinked = row.is_linked === true;
  const sealed = readEnvelope(cell)?.subject;
  if (sealed === undefined && !(isClear(column) || cell === '')) return undefined;
  if (isClear(column) && fittingSubjectId(cell, withNulls(column, contract)) !== undefined) return undefined;
  const reference = sealed ?? ownerOfCells(values, contract, column);
  if (reference === undefined) return undefined;
  const layer = row.layer === 'condemned' ? 'condemned' : 'quarantine';
  const place = { sourceFile: textOf(row, 'source_file'), sourceRowNumber: Number(row.number) };
  return { own: { dataset: contract.dataset, layer, ...place, reference }, cell, isLinked };
}

/** Whose the envelopes are that belong to whom a column names. */
function ownerOfCells(
  values: Readonly<Record<string, string | null>>,
  contract: SubjectDataset['contract'],
  { name }: ContractColumn,
): string | undefined {
  const protection = protectionOf(contract);
  return contract.columns
    .filter((one) => one.name !== name && subjectOf(protection, one.name)?.column === name)
    .map((one) => readEnvelope(values[one.name] ?? '')?.subject)
    .find((one) => one !== undefined);
}

/** What stands in each cell, opened; nothing where its key is gone. */
async function openTexts(
  effects: Effects,
  candidates: readonly Candidate[],
): Promise<readonly (string | undefined)[]> {
  if (candidates.length === 0) return [];
  const sodium = await Sodium.open();
  try {
    const opened = await openCells({ vault: vaultOf(effects), sodium })(candidates.map(({ cell }) => cell));
    return opened.map((one, n) =>
      one.kind === 'clear' ? one.text : one.kind === 'plain' ? candidates[n]?.cell : undefined,
    );
  } finally {
    sodium.dispose();
  }
}
