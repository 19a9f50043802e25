import type { SourceContract } from '../contract/contract.ts';
import { type Engine, readParquet, type SqlRow, type SqlValue } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import { bronzePrefix, isSealed } from '../naming/bronze.ts';
import { tableName } from '../naming/datasets.ts';
import { correctionsPrefix } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { canonicalSubjectId } from '../privacy/subject-id.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { type AskedSubject, type SubjectDataset, withNulls } from './asked-subject.ts';
import { recordsIn } from './bronze-records.ts';
import { judgedFiles, tableOf } from './whole-records.ts';

/** A record of a person, as it is stored. */
export interface StoredRecord {
  readonly dataset: string;
  readonly layer: 'silver' | 'quarantine' | 'condemned' | 'corrections' | 'bronze' | 'projection';
  /** Key of its file in Bronze; null where the ledger doesn't know it, and of a row that was folded. */
  readonly sourceFile: string | null;
  readonly sourceFileId: string | null;
  readonly sourceRowNumber: number | null;
  readonly runId: string | null;
  /** Its columns; of one that failed, its raw values. */
  readonly values: Readonly<Record<string, SqlValue>>;
  /** What it was given as reasons, where it failed. */
  readonly reasons: SqlValue;
}

/** What an access looks for: the references of the subject, and its ids where datasets have them in the clear. */
export interface Sought {
  readonly asked: AskedSubject;
  readonly references: readonly string[];
}

/** Every record of a dataset that is of a person, or has a value of theirs. */
export async function findRecords(
  effects: Effects,
  dataset: SubjectDataset,
  sought: Sought,
): Promise<StoredRecord[]> {
  const { contract } = dataset;
  const { found, judged } = await withScratchEngine(effects, 'privacy', async (engine) => {
    const view = tableName('silver', contract.dataset);
    await createLakeViews(engine, effects, view, { kind: 'now' }, { dataset: contract.dataset });
    return {
      found: [
        ...(await silverRecords(engine, dataset, sought)),
        ...(await failedRecords(engine, dataset, { layer: 'quarantine', sought })),
        ...(await failedRecords(engine, dataset, { layer: 'condemned', sought })),
        ...(await correctedRecords(engine, effects, { dataset: contract.dataset, sought })),
      ],
      judged: await judgedFiles(engine, contract.dataset),
    };
  });
  return [...found, ...(await waitingRecords(effects, contract, { judged, sought }))];
}

/** A condition for a text that is a reference or holds an envelope of one. */
export const holdsReference = (column: string, references: readonly string[]): string =>
  references
    .map((one) => `${column} = ${literal(one)} OR contains(${column}, ${literal(`.${one}.`)})`)
    .join(' OR ') || 'false';

async function silverRecords(
  engine: Engine,
  { contract, columns }: SubjectDataset,
  { asked, references }: Sought,
): Promise<StoredRecord[]> {
  const table = tableOf('silver', contract.dataset);
  const described = await engine.rows(`DESCRIBE ${table}`);
  const names = described.map((row) => String(row.column_name));
  const texts = described.flatMap((row) => (row.column_type === 'VARCHAR' ? [String(row.column_name)] : []));
  const conditions = texts.map((name) => holdsReference(`s.${identifier(name)}`, references));
  for (const column of clearOf(columns).filter(({ name }) => names.includes(name))) {
    const ids = asked.subjects.map(({ id }) => literal(id)).join(', ');
    conditions.push(`CAST(s.${identifier(column.name)} AS VARCHAR) IN (${ids})`);
  }
  const rows = await engine.rows(
    `SELECT s.*, f.source_file AS "the record's file" FROM ${table} AS s LEFT JOIN (SELECT source_file_id, min(source_file) AS source_file FROM ${tableOf('source_files', contract.dataset)} GROUP BY ALL) AS f ON f.source_file_id = s.source_file_id
     WHERE ${conditions.join(' OR ') || 'false'} ORDER BY s.source_file_id, s.source_row_number`,
  );
  return rows.map(({ "the record's file": file, ...row }) => ({
    ...placeOf(contract.dataset, 'silver', { ...row, source_file: file ?? null }),
    values: row,
    reasons: null,
  }));
}

/** Columns that name subjects and have their ids in the clear. */
export const clearOf = (columns: SubjectDataset['columns']): SubjectDataset['columns'] =>
  columns.filter(({ protect }) => protect === undefined || protect.as === 'clear');

interface Failed {
  readonly layer: 'quarantine' | 'condemned';
  readonly sought: Sought;
}

async function failedRecords(
  engine: Engine,
  dataset: SubjectDataset,
  { layer, sought }: Failed,
): Promise<StoredRecord[]> {
  const { contract } = dataset;
  const table = tableOf(layer, contract.dataset);
  const conditions = [
    holdsReference('record', sought.references),
    ...(await clearConditions(engine, dataset, { layer, sought })),
  ];
  const rows = await engine.rows(
    `SELECT * FROM ${table} WHERE ${conditions.join(' OR ')} ORDER BY source_file_id, source_row_number, attempt_count`,
  );
  return rows.map((row) => ({
    ...placeOf(contract.dataset, layer, row),
    values: rawValues(row.record ?? null),
    reasons: row.reasons ?? null,
  }));
}

/** Values that people corrected, before and after. */
async function correctedRecords(
  engine: Engine,
  effects: Effects,
  { dataset, sought }: { readonly dataset: string; readonly sought: Sought },
): Promise<StoredRecord[]> {
  const keys = (await effects.objects.list(correctionsPrefix(dataset))).map(({ key }) => key);
  if (keys.length === 0) return [];
  const paths = await Promise.all(keys.map((key) => effects.data.localPath(key)));
  const values = ['old_value', 'new_value'].map((name) => holdsReference(name, sought.references));
  const rows = await engine.rows(
    `SELECT * FROM ${readParquet(paths)} WHERE ${values.join(' OR ')} ORDER BY ALL`,
  );
  return rows.map((row) => ({ ...placeOf(dataset, 'corrections', row), values: row, reasons: null }));
}

/** Raw ids are written in several ways: those that mean the subject are found one by one. */
async function clearConditions(
  engine: Engine,
  { contract, columns }: SubjectDataset,
  { layer, sought }: Failed,
): Promise<string[]> {
  const ids = new Set(sought.asked.subjects.map(({ id }) => id));
  const conditions: string[] = [];
  for (const column of clearOf(columns)) {
    const value = `json_extract_string(record, ${literal(`$."${column.name.replaceAll('"', '\\"')}"`)})`;
    const rows = await engine.rows(
      `SELECT DISTINCT ${value} AS text FROM ${tableOf(layer, contract.dataset)} WHERE ${value} IS NOT NULL`,
    );
    const meant = rows
      .map(({ text }) => String(text))
      .filter((text) => ids.has(canonicalSubjectId(text, withNulls(column, contract)) ?? ''));
    if (meant.length > 0) conditions.push(`${value} IN (${meant.map(literal).join(', ')})`);
  }
  return conditions;
}

function rawValues(record: SqlValue): Record<string, SqlValue> {
  const parsed: unknown = typeof record === 'string' ? JSON.parse(record) : {};
  return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)
    ? (parsed as Record<string, SqlValue>)
    : {};
}

function placeOf(
  dataset: string,
  layer: StoredRecord['layer'],
  row: SqlRow,
): Omit<StoredRecord, 'values' | 'reasons'> {
  const text = (name: string): string | null => (typeof row[name] === 'string' ? row[name] : null);
  const number = row.source_row_number;
  return {
    ...{ dataset, layer, sourceFile: text('source_file'), sourceFileId: text('source_file_id') },
    sourceRowNumber: number === null || number === undefined ? null : Number(number),
    runId: text('run_id'),
  };
}

/** Records of protected files that no run judged, or that were rejected as a whole. */
async function waitingRecords(
  effects: Effects,
  { dataset }: SourceContract,
  { judged, sought }: { readonly judged: ReadonlySet<string>; readonly sought: Sought },
): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for (const { key } of await effects.objects.list(bronzePrefix(dataset))) {
    if (!isSealed(key) || judged.has(key)) continue;
    for await (const text of recordsIn(effects, key))
      if (sought.references.some((one) => text.includes(one)))
        found.push({
          ...{
            dataset,
            layer: 'bronze',
            sourceFile: key,
            sourceFileId: null,
            sourceRowNumber: null,
            runId: null,
          },
          ...{ values: { text }, reasons: null },
        });
  }
  return found;
}
