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
  /** Text that the key of the file must contain that the record came in. */
  readonly file?: string;
  /** Beginning of the id of the run in which the record last failed. */
  readonly run?: string;
  /** Failed last before this moment, ISO. */
  readonly before?: string;
}

const Reason = z.object({
  rule: z.string().nullable(),
  column: z.string().nullable(),
  code: z.string(),
  value: z.string().nullable(),
});

const FailedRecord = z.object({
  /** SHA-256 of the raw values, as hex. */
  rowHash: z.string(),
  state: z.enum(['open', 'retrying', 'condemned', 'silver', 'corrected']),
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

/**
 * Makes the table `failed_records` of a dataset: every record that ever failed, with its state, its latest reasons and
 * where it came from first.
 */
export async function loadFailedRecords(engine: Engine, effects: Effects, dataset: string): Promise<void> {
  const [quarantine, condemned] = [tableName('quarantine', dataset), tableName('condemned', dataset)];
  const fold = foldSql(dataset);
  await createLakeViews(engine, effects, `${quarantine}, ${condemned}, ${fold}`, { kind: 'now' });
  await loadRetryTables(engine, effects, dataset);
  const { origins, corrections } = retryTables(dataset);
  await engine.run(`CREATE OR REPLACE TEMP TABLE record_states AS ${fold}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE failed_records AS
     WITH rows AS (SELECT * FROM ${quarantine} UNION ALL SELECT * FROM ${condemned}),
     latest AS (SELECT * FROM rows QUALIFY row_number() OVER (PARTITION BY row_hash ORDER BY ingestion_timestamp DESC, source_file_id, source_row_number) = 1),
     placed AS (
       SELECT DISTINCT rows.row_hash, coalesce(origin_file_id, rows.source_file_id) AS id, coalesce(origin_file, rows.source_file) AS file, coalesce(origin_row_number, rows.source_row_number) AS n
       FROM rows LEFT JOIN ${origins} AS o ON o.retry_file_id = rows.source_file_id AND o.source_row_number = rows.source_row_number
     ), equals AS (
       SELECT row_hash, list({'sourceFileId': id, 'sourceFile': file, 'sourceRowNumber': n} ORDER BY n) AS equals FROM placed GROUP BY row_hash, id
       HAVING count(*) > 1 QUALIFY row_number() OVER (PARTITION BY row_hash ORDER BY count(*) DESC, id) = 1
     ),
     corrected AS (
       SELECT row_hash, map_from_entries(list({'k': field, 'v': new_value} ORDER BY field)) AS corrections FROM (
         SELECT row_hash, field, arg_max_null(new_value, (decided_at, decision_id)) AS new_value FROM ${corrections} GROUP BY ALL
       ) GROUP BY row_hash
     )
     SELECT latest.row_hash, state, coalesce(origin_file_id, latest.source_file_id) AS source_file_id, coalesce(origin_file, source_file) AS source_file,
       coalesce(origin_row_number, latest.source_row_number) AS source_row_number, source_line, record_states.failures AS failures,
       record_states.own_failures AS own_failures, last_at, latest.run_id, contract_version, reasons, record, raw_text,
       CAST(to_json(corrections) AS VARCHAR) AS corrections, CAST(to_json(equals) AS VARCHAR) AS equals
     FROM latest JOIN record_states USING (row_hash)
       LEFT JOIN ${origins} AS o ON o.retry_file_id = latest.source_file_id AND o.source_row_number = latest.source_row_number
       LEFT JOIN corrected USING (row_hash) LEFT JOIN equals USING (row_hash)`,
  );
}

/** The records in one of these states that a filter means, by file and number; at most `limit` where given. */
export async function findRecords(
  engine: Engine,
  filter: RecordFilter,
  { states, limit }: { readonly states: readonly FailedRecord['state'][]; readonly limit?: number },
): Promise<FailedRecord[]> {
  const rows = await engine.rows(
    `SELECT row_hash AS "rowHash", state, source_file_id AS "sourceFileId", source_file AS "sourceFile", source_row_number AS "sourceRowNumber",
       source_line AS "sourceLine", failures, own_failures AS "ownFailures", strftime(last_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS "lastAt", run_id AS "runId",
       contract_version AS "contractVersion", reasons, record, raw_text AS "rawText", corrections, equals
     FROM failed_records WHERE ${whereSql(filter, states)}
     ORDER BY source_file, source_row_number, row_hash${limit === undefined ? '' : ` LIMIT ${limit}`}`,
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

/** How many records in one of these states a filter means. */
export async function countRecords(
  engine: Engine,
  filter: RecordFilter,
  states: readonly FailedRecord['state'][],
): Promise<number> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n FROM failed_records WHERE ${whereSql(filter, states)}`,
  );
  return integerOf(row, 'n');
}

function whereSql(
  { ids, code, file, run, before }: RecordFilter,
  states: readonly FailedRecord['state'][],
): string {
  const conditions = [`state IN (${states.map(literal).join(', ')})`];
  if (ids.length > 0)
    conditions.push(
      `(${ids.map((id) => `starts_with(row_hash, ${literal(id.toLowerCase())})`).join(' OR ')})`,
    );
  if (code !== undefined)
    conditions.push(`list_contains(list_transform(reasons, lambda r: r.code), ${literal(code)})`);
  if (file !== undefined) conditions.push(`contains(source_file, ${literal(file)})`);
  if (run !== undefined) conditions.push(`starts_with(run_id, ${literal(run)})`);
  if (before !== undefined) conditions.push(`last_at < CAST(${literal(before)} AS TIMESTAMPTZ)`);
  return conditions.join(' AND ');
}

function parsed(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : null;
}
