import { type Engine, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { loadRetryTables, retryTables } from './retry-files.ts';

/** Something that happened to a record. */
export interface RecordEvent {
  readonly at: string;
  readonly what: 'quarantined' | 'condemned' | 'corrected' | 'retried' | 'released' | 'redriven';
  /** The run, the retry or the decision. */
  readonly by: string;
  readonly details: string;
}

/** Makes what `recordHistory` needs, where loadFailedRecords hasn't: no record is folded. */
export async function loadHistory(engine: Engine, effects: Effects, dataset: string): Promise<void> {
  const tables = (['quarantine', 'condemned', 'source_files'] as const).map((layer) =>
    tableName(layer, dataset),
  );
  await createLakeViews(engine, effects, tables.join(', '), { kind: 'now' }, { dataset });
  await loadRetryTables(engine, effects, dataset);
}

/** What happened to a record, oldest first. Needs what loadHistory or loadFailedRecords makes. */
export async function recordHistory(
  engine: Engine,
  dataset: string,
  rowHash: string,
): Promise<RecordEvent[]> {
  const { origins, corrections, releases, redrives } = retryTables(dataset);
  const codes = "array_to_string(list_transform(reasons, lambda r: r.code), ', ')";
  const failed = (layer: 'quarantine' | 'condemned', what: string): string =>
    `SELECT ingestion_timestamp AS happened, '${what}' AS what, run_id AS who, ${codes} AS details FROM ${tableName(layer, dataset)} WHERE row_hash = ${literal(rowHash)}`;
  const rows = await engine.rows(
    `SELECT strftime(happened, '%Y-%m-%dT%H:%M:%S.%gZ') AS "at", what, who, details FROM (
       ${failed('quarantine', 'quarantined')} UNION ALL ${failed('condemned', 'condemned')}
       UNION ALL SELECT decided_at, 'corrected', decided_by, concat(string_agg(field, ', ' ORDER BY field), ': ', any_value(reason)) FROM ${corrections}
         WHERE row_hash = ${literal(rowHash)} GROUP BY decision_id, decided_at, decided_by
       UNION ALL SELECT released_at, 'released', approved_by, 'asked for by ' || asked_by FROM ${releases} WHERE row_hash = ${literal(rowHash)}
       UNION ALL SELECT redriven_at, 'redriven', decided_by, concat(reason, ': ', evidence_id) FROM ${redrives} WHERE row_hash = ${literal(rowHash)}
       UNION ALL SELECT processed_at, 'retried', run_id, retry_file FROM ${origins} JOIN ${tableName('source_files', dataset)} ON source_file_id = retry_file_id
         WHERE row_hash = ${literal(rowHash)}
     ) ORDER BY happened, what DESC`,
  );
  return rows.map((row) => ({
    at: textOf(row, 'at'),
    what: textOf(row, 'what') as RecordEvent['what'],
    by: textOf(row, 'who'),
    details: textOf(row, 'details'),
  }));
}
