import { z } from 'zod';
import { type Engine, integerOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { foldSql } from './fold.ts';
import { loadRetryTables, retryTables } from './retry-files.ts';

/** Which records are meant; all conditions must hold. */
export interface RecordFilter {
  /** Record ids: beginnings of the row_hash, as hex. */
  readonly ids: readonly string[];
  /** A reason code. */
  readonly code?: string;
  /** A column that one of the reasons is about. */
  readonly column?: string;
  /** Text that the key of the file must contain that the record came in. */
  readonly file?: string;
  /** Beginning of the id of the run in which the record last failed. */
  readonly run?: string;
  /** Failed last before this moment, ISO. */
  readonly before?: string;
  /** Whether people corrected values of it. */
  readonly isCorrected?: boolean;
}

/** Why a record failed. */
export const Reason = z.object({
  rule: z.string().nullable(),
  column: z.string().nullable(),
  code: z.string(),
  value: z.string().nullable(),
});

/** Every state of a record that ever failed. */
export const EVERY_STATE = ['open', 'retrying', 'condemned', 'silver', 'corrected'] as const;

const FailedRecord = z.object({
  /** SHA-256 of the raw values, as hex. */
  rowHash: z.string(),
  state: z.enum(EVERY_STATE),
  /** Where it came from: the file that a source dropped, whatever was retried since. */
  sourceFileId: z.string(),
  sourceFile: z.string(),
  sourceRowNumber: z.coerce.number(),
  sourceLine: z.coerce.number().nullable(),
  /** Runs in which it failed since it was last released. */
  failures: z.coerce.number(),
  ownFailures: z.coerce.number(),
  lastAt: z.string(),
  runId: z.string(),
  contractVersion: z.string(),
  reasons: z.array(Reason),
  /** The raw values by column; null where the record can't be parsed. */
  record: z.record(z.string(), z.string().nullable()).nullable(),
  rawText: z.string().nullable(),
  /** Values that people corrected since, by column. */
  corrections: z.record(z.string(), z.string().nullable()),
  /** Files that hold the record equally often, where that is more than once: by its numbers there. */
  equals: z
    .array(z.object({ sourceFileId: z.string(), sourceFile: z.string(), sourceRowNumber: z.coerce.number() }))
    .exactOptional(),
});

/** A record that failed, as it stands now. */
export type FailedRecord = z.infer<typeof FailedRecord>;

/** SQL names of what `loadFailedRecords` makes, in which `failed_records` is found. */
export const FAILED = { rows: 'failed_rows', corrected: 'corrected_values' } as const;

/**
 * Makes the table `failed_records` of a dataset: every record that ever failed, with its state, its latest reasons and
 * where it came from first.
 */
export async function loadFailedRecords(engine: Engine, effects: Effects, dataset: string): Promise<void> {
  const [quarantine, condemned] = [tableName('quarantine', dataset), tableName('condemned', dataset)];
  const fold = foldSql(dataset);
  const sql = `${quarantine}, ${condemned}, ${fold}`;
  await createLakeViews(engine, effects, sql, { kind: 'now' }, { dataset });
  await loadRetryTables(engine, effects, dataset);
  const { origins } = retryTables(dataset);
  await engine.run(`CREATE OR REPLACE TEMP TABLE record_states AS ${fold}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${FAILED.rows} AS
     WITH rows AS (SELECT * FROM ${quarantine} UNION ALL SELECT * FROM ${condemned}),
     latest AS (SELECT * FROM rows QUALIFY row_number() OVER (PARTITION BY row_hash ORDER BY ingestion_timestamp DESC, source_file_id, source_row_number) = 1),
     placed AS (
       SELECT DISTINCT rows.row_hash, coalesce(origin_file_id, rows.source_file_id) AS id, coalesce(origin_file, rows.source_file) AS file, coalesce(origin_row_number, rows.source_row_number) AS n
       FROM rows LEFT JOIN ${origins} AS o ON o.retry_file_id = rows.source_file_id AND o.source_row_number = rows.source_row_number
     ), equals AS (
       SELECT row_hash, list({'sourceFileId': id, 'sourceFile': file, 'sourceRowNumber': n} ORDER BY n) AS equals FROM placed GROUP BY row_hash, id
       HAVING count(*) > 1 QUALIFY row_number() OVER (PARTITION BY row_hash ORDER BY count(*) DESC, id) = 1
     )
     SELECT latest.row_hash, state, coalesce(origin_file_id, latest.source_file_id) AS source_file_id, coalesce(origin_file, source_file) AS source_file,
       coalesce(origin_row_number, latest.source_row_number) AS source_row_number, source_line, record_states.failures AS failures,
       record_states.own_failures AS own_failures, last_at, latest.run_id, contract_version, reasons, record, raw_text, CAST(to_json(equals) AS VARCHAR) AS equals
     FROM latest JOIN record_states USING (row_hash)
       LEFT JOIN ${origins} AS o ON o.retry_file_id = latest.source_file_id AND o.source_row_number = latest.source_row_number
       LEFT JOIN equals USING (row_hash)`,
  );
  await loadCorrectedValues(engine, dataset);
  await engine.run(`CREATE OR REPLACE TEMP VIEW failed_records AS ${failedSql(FAILED)}`);
}

/** Makes the table of the values that each record was corrected to. Needs the corrections of loadRetryTables. */
export async function loadCorrectedValues(engine: Engine, dataset: string): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${FAILED.corrected} AS
     SELECT row_hash, CAST(to_json(map_from_entries(list({'k': field, 'v': new_value} ORDER BY field))) AS VARCHAR) AS corrections FROM (
       SELECT row_hash, field, arg_max_null(new_value, (decided_at, decision_id)) AS new_value FROM ${retryTables(dataset).corrections} GROUP BY ALL
     ) GROUP BY row_hash`,
  );
}

/** SELECT of failed records with what they were corrected to. */
export function failedSql({ rows, corrected }: Readonly<Record<keyof typeof FAILED, string>>): string {
  return `SELECT * FROM ${rows} LEFT JOIN ${corrected} USING (row_hash)`;
}

/** A record's place in lists: behind which the next page begins. */
export interface RecordPlace {
  readonly sourceFile: string;
  readonly sourceRowNumber: number;
  readonly rowHash: string;
}

/** Which records are read of those that a filter means, and from where. */
export interface RecordReading {
  readonly states: readonly FailedRecord['state'][];
  readonly limit?: number;
  readonly after?: RecordPlace;
  /** The table that they are in; `failed_records` unless said. */
  readonly from?: string;
}

/** The records in one of these states that a filter means, by file and number; at most `limit` where given. */
export async function findRecords(
  engine: Engine,
  filter: RecordFilter,
  { states, limit, after, from = 'failed_records' }: RecordReading,
): Promise<FailedRecord[]> {
  const rows = await engine.rows(
    `SELECT row_hash AS "rowHash", state, source_file_id AS "sourceFileId", source_file AS "sourceFile", source_row_number AS "sourceRowNumber",
       source_line AS "sourceLine", failures, own_failures AS "ownFailures", strftime(last_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS "lastAt", run_id AS "runId",
       contract_version AS "contractVersion", reasons, record, raw_text AS "rawText", corrections, equals
     FROM ${from} WHERE ${whereSql(filter, states)}${behindSql(after)}
     ORDER BY source_file, source_row_number, row_hash${limitSql(limit)}`,
  );
  return rows.map(({ equals, ...row }) =>
    FailedRecord.parse({
      ...row,
      ...(typeof equals === 'string' ? { equals: JSON.parse(equals) } : {}),
      record: parsed(row.record),
      corrections: parsed(row.corrections) ?? {},
    }),
  );
}

/** Like `findRecords`, of a table that has them in the order of a column `place`: those places alone. */
export async function findPlaces(
  engine: Engine,
  filter: RecordFilter,
  { states, limit, after, from = 'failed_records' }: RecordReading,
): Promise<number[]> {
  return await engine.integers(
    `SELECT place FROM ${from} WHERE ${whereSql(filter, states)}${behindSql(after)} ORDER BY place${limitSql(limit)}`,
  );
}

const limitSql = (limit: number | undefined): string => (limit === undefined ? '' : ` LIMIT ${limit}`);

function behindSql(place: RecordPlace | undefined): string {
  if (place === undefined) return '';
  const { sourceFile, sourceRowNumber, rowHash } = place;
  return ` AND (source_file, source_row_number, row_hash) > (${literal(sourceFile)}, CAST(${sourceRowNumber} AS BIGINT), ${literal(rowHash)})`;
}

/** How many records in one of these states a filter means. */
export async function countRecords(
  engine: Engine,
  filter: RecordFilter,
  { states, from = 'failed_records' }: Pick<RecordReading, 'states' | 'from'>,
): Promise<number> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${from} WHERE ${whereSql(filter, states)}`);
  return integerOf(row, 'n');
}

function whereSql(
  { ids, code, column, file, run, before, isCorrected }: RecordFilter,
  states: readonly FailedRecord['state'][],
): string {
  const conditions = [`state IN (${states.map(literal).join(', ')})`];
  if (ids.length > 0)
    conditions.push(
      `(${ids.map((id) => `starts_with(row_hash, ${literal(id.toLowerCase())})`).join(' OR ')})`,
    );
  if (code !== undefined)
    conditions.push(`list_contains(list_transform(reasons, lambda r: r.code), ${literal(code)})`);
  if (column !== undefined)
    conditions.push(`list_contains(list_transform(reasons, lambda r: r.column), ${literal(column)})`);
  if (file !== undefined) conditions.push(`contains(source_file, ${literal(file)})`);
  if (run !== undefined) conditions.push(`starts_with(run_id, ${literal(run)})`);
  if (before !== undefined) conditions.push(`last_at < CAST(${literal(before)} AS TIMESTAMPTZ)`);
  if (isCorrected !== undefined) conditions.push(`corrections IS ${isCorrected ? 'NOT ' : ''}NULL`);
  return conditions.join(' AND ');
}

function parsed(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : null;
}
