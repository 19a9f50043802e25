import { type Engine, integerOf, textOf } from '../../engine/engine.ts';
import { literal } from '../../engine/sql.ts';
import { tableRowsSql } from '../../engine/table-rows.ts';
import type { DataStore, Effects } from '../../ports.ts';
import { tablesOfAll } from '../../table/generations.ts';
import { filesOf, type LakeTable, openTable } from '../../table/lake-table.ts';
import type { Pointer, TableState } from '../../table/pointer.ts';
import type { DataFile } from '../../table/schema.ts';
import { LET_GO_SQL } from '../current-rejects.ts';
import { loadFailedRecords } from '../records.ts';
import { retryTables } from '../retry-files.ts';

/** A reject table of some generation, with the files that it has now. */
export interface RejectTable {
  readonly generation: number;
  readonly layer: 'quarantine' | 'condemned';
  readonly state: TableState;
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
}

/** Rows that one run wrote and that are due. */
export interface DueRun {
  readonly runId: string;
  readonly quarantined: number;
  readonly condemned: number;
  /** Since when the first and the last of their records count. */
  readonly oldest: string;
  readonly newest: string;
}

/** What is due of a dataset. */
export interface DueRecords {
  /** Records; each may have rows of several runs. */
  readonly records: number;
  /** Places in source files whose values go now, and didn't before. */
  readonly places: number;
  readonly runs: readonly DueRun[];
}

/** Where nothing failed. */
export const NOTHING_DUE: DueRecords = { records: 0, places: 0, runs: [] };

/** The dataset's reject tables that hold anything, those of earlier generations included. */
export async function rejectTables({ objects }: Effects, pointer: Pointer): Promise<RejectTable[]> {
  const found: RejectTable[] = [];
  for (const { generation, layer, state } of tablesOfAll(pointer)) {
    if (layer !== 'quarantine' && layer !== 'condemned') continue;
    const table = await openTable(objects, state);
    const files = await filesOf(table);
    if (files.length > 0) found.push({ generation, layer, state, table, files });
  }
  return found;
}

/**
 * Makes the table `let_go` (row_hash, since): the records of a dataset that are due, and since when each counts: from
 * when it was condemned, or from its first rejection where it wasn't; a release begins that anew. The same place in
 * the source's file counts as the same record, whatever was corrected, read again or migrated since. Records that a
 * retry tests just now are left for the next time. Returns what is due.
 */
export async function findDue(
  engine: Engine,
  effects: Effects,
  { dataset, tables, before }: { dataset: string; tables: readonly RejectTable[]; before: Date },
): Promise<DueRecords> {
  if (tables.length === 0) return NOTHING_DUE;
  await loadFailedRecords(engine, effects, dataset);
  const rows = await Promise.all(tables.map((one) => rowsOf(effects.data, one)));
  await engine.run(`CREATE OR REPLACE TEMP TABLE past_rejects AS ${rows.join(' UNION ALL ')}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE let_go AS ${dueSql(dataset, before)}`);
  const [row = {}] = await engine.rows(
    `SELECT (SELECT count(*) FROM let_go) AS records, (SELECT count(*) FROM (
       SELECT source_file_id, source_row_number FROM past_rejects JOIN let_go USING (row_hash)
       EXCEPT SELECT source_file_id, source_row_number FROM past_rejects WHERE is_let_go)) AS places`,
  );
  const [records, places] = [integerOf(row, 'records'), integerOf(row, 'places')];
  return { records, places, runs: await dueRuns(engine) };
}

async function rowsOf(
  data: Pick<DataStore, 'localPath'>,
  { layer, table, files }: RejectTable,
): Promise<string> {
  const paths = await Promise.all(files.map(({ key }) => data.localPath(key)));
  return `SELECT ${layer === 'condemned'} AS is_condemned, ${LET_GO_SQL} AS is_let_go, row_hash, source_file_id, source_row_number, ingestion_timestamp, run_id
    FROM (${tableRowsSql(table, paths)})`;
}

function dueSql(dataset: string, before: Date): string {
  const { origins, releases } = retryTables(dataset);
  const isCounted = '(released_at IS NULL OR ingestion_timestamp > released_at)';
  return `WITH released AS (SELECT row_hash, max(released_at) AS released_at FROM ${releases} GROUP BY row_hash),
    placed AS (
      SELECT r.row_hash, is_let_go, released_at,
        min(ingestion_timestamp) OVER place AS rejected_at,
        min(CASE WHEN is_condemned AND ${isCounted} THEN ingestion_timestamp END) OVER place AS condemned_at
      FROM past_rejects AS r LEFT JOIN released USING (row_hash)
        LEFT JOIN ${origins} AS o ON o.retry_file_id = r.source_file_id AND o.source_row_number = r.source_row_number
      WINDOW place AS (PARTITION BY coalesce(o.origin_file_id, r.source_file_id), coalesce(o.origin_row_number, r.source_row_number))
    ), counted AS (
      SELECT row_hash, bool_and(is_let_go) AS is_done,
        coalesce(min(condemned_at), greatest(min(rejected_at), coalesce(any_value(released_at), min(rejected_at)))) AS since
      FROM placed GROUP BY row_hash
    )
    SELECT row_hash, since FROM counted WHERE NOT is_done AND since < CAST(${literal(before.toISOString())} AS TIMESTAMPTZ)
      AND row_hash NOT IN (SELECT row_hash FROM record_states WHERE state = 'retrying')`;
}

async function dueRuns(engine: Engine): Promise<DueRun[]> {
  const time = (which: string): string => `strftime(${which}(since), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  const rows = await engine.rows(
    `SELECT run_id, count(*) FILTER (NOT is_condemned) AS quarantined, count(*) FILTER (is_condemned) AS condemned,
       ${time('min')} AS oldest, ${time('max')} AS newest
     FROM past_rejects JOIN let_go USING (row_hash) WHERE NOT is_let_go GROUP BY run_id ORDER BY run_id`,
  );
  return rows.map((row) => ({
    runId: textOf(row, 'run_id'),
    quarantined: integerOf(row, 'quarantined'),
    condemned: integerOf(row, 'condemned'),
    oldest: textOf(row, 'oldest'),
    newest: textOf(row, 'newest'),
  }));
}
