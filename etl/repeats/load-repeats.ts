import { type Engine, readParquet, textOf } from '../engine/engine.ts';
import { identitySumSql } from '../engine/record-identity.ts';
import { repeatsKey } from '../naming/runs.ts';
import type { DataStore } from '../ports.ts';

/** Whose repeats are looked up. */
export interface RepeatsOf {
  readonly data: DataStore;
  readonly dataset: string;
  /** SELECT of the dataset's ledger. */
  readonly ledger: string;
}

/**
 * Makes the table `repeat_spans` (source_file_id, first_row_number, last_row_number, twin_file_id, twin_first_row_number):
 * which records of the dataset's files, as they were last read, stood in Silver already, and where. Records that follow one
 * another, with twins that do so, too, are one row.
 */
export async function loadRepeatSpans(engine: Engine, { data, dataset, ledger }: RepeatsOf): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeat_reads AS SELECT * FROM (
       SELECT source_file_id, arg_max(run_id, processed_at) AS run_id, arg_max(coalesce(repeats, 0), processed_at) AS n
       FROM (SELECT CAST(NULL AS BIGINT) AS repeats WHERE false UNION ALL BY NAME (${ledger})) WHERE status <> 'repeat' GROUP BY source_file_id
     ) WHERE n > 0`,
  );
  const runs = await engine.rows('SELECT DISTINCT run_id AS id FROM repeat_reads ORDER BY id');
  const paths = await Promise.all(runs.map((row) => data.localPath(repeatsKey(dataset, textOf(row, 'id')))));
  const spans = paths.length === 0 ? NO_SPANS : readParquet(paths);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeat_spans AS SELECT source_file_id, first_row_number, last_row_number, twin_file_id, twin_first_row_number
     FROM ${spans} SEMI JOIN repeat_reads USING (source_file_id, run_id)`,
  );
}

const NO_SPANS = `(SELECT '' AS source_file_id, '' AS run_id, 0::BIGINT AS first_row_number, 0::BIGINT AS last_row_number, '' AS twin_file_id, 0::BIGINT AS twin_first_row_number WHERE false)`;

/** SELECT of a row for each repeat in `repeat_spans`, or other spans, for which a condition on its span (`s`) holds: it and its twin, by file and record. */
export function repeatRowsSql(condition: string, spans = 'repeat_spans'): string {
  return `SELECT s.source_file_id, s.first_row_number + i AS source_row_number, s.twin_file_id, s.twin_first_row_number + i AS twin_row_number
    FROM (SELECT *, unnest(range(last_row_number - first_row_number + 1)) AS i FROM ${spans} AS s WHERE ${condition}) AS s`;
}

/**
 * SELECT of a digest that says which records are repeats, from a table expression of them; NULL where there are none.
 * `version` is that of the seal's identities.
 */
export function repeatsDigestSql(from: string, version?: number): string {
  const identity = identitySumSql('source_row_number', version === undefined ? {} : { version });
  return `SELECT sha256(string_agg(concat_ws(':', id$, n$, identity$), chr(10) ORDER BY id$)) AS digest FROM (
    SELECT source_file_id AS id$, count(*) AS n$, ${identity} AS identity$ FROM ${from} GROUP BY 1)`;
}
