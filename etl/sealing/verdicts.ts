import { REASONS_TYPE } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { literal, rowsTable } from '../engine/sql.ts';
import { UNREAD_SQL } from '../quarantine/current-rejects.ts';
import { type FirstFailures, isRead, type Plan } from '../stages/documents.ts';

/**
 * Makes the view `verdicts`: every reject with its attempt_count, its verdict (`quarantined` or `condemned`) and its final
 * reasons. Needs `rejects`, which must stay as it is from now on, and `prior`. What was judged is kept in a table without
 * the records' texts: those lie in `rejects` alone, and are read only where they are wanted.
 */
export async function giveVerdicts(engine: Engine, contract: SourceContract): Promise<void> {
  const { maxAttempts } = contract.limits;
  const duplicate = contract.duplicates === 'keep-first' ? 'false' : "list_contains(codes, 'DUPLICATE')";
  const added = (condition: string, rule: string, code: string): string =>
    `CASE WHEN ${condition} THEN [{'rule': ${literal(rule)}, 'column': NULL, 'code': ${literal(code)}, 'value': NULL}] ELSE [] END`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE judged AS
     WITH counted AS (
       SELECT rejects.rowid AS reject$, CAST(CASE WHEN ${UNREAD_SQL} THEN greatest(coalesce(prior.failures, 0), 0) ELSE coalesce(prior.failures, 0) + 1 END AS INTEGER) AS attempt_count,
         coalesce(prior.condemned, false) AS condemned_before,
         ${UNREAD_SQL} AND prior.row_hash IS NOT NULL AS is_unread_again,
         list_transform(rejects.reasons, lambda r: r.code) AS codes,
         len(list_filter(rejects.reasons, lambda r: r.code NOT IN ('DUPLICATE', 'FORGOTTEN'))) > 0
           AND coalesce(prior.own_failures, 0) + 1 >= ${maxAttempts} AS is_exhausted
       FROM rejects LEFT JOIN prior ON prior.row_hash = rejects.row_hash
     )
     SELECT reject$, attempt_count, is_unread_again,
       ${duplicate} OR condemned_before OR is_exhausted AS is_condemned,
       condemned_before AND NOT list_contains(codes, 'PREVIOUSLY_CONDEMNED') AS newly_previous,
       is_exhausted AND NOT condemned_before AND NOT ${duplicate} AS newly_exhausted
     FROM counted`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW verdicts AS
     SELECT rejects.* EXCLUDE (reasons), attempt_count, is_unread_again,
       CASE WHEN is_condemned THEN 'condemned' ELSE 'quarantined' END AS verdict,
       list_concat(reasons, CAST(${added('newly_previous', 'condemned before', 'PREVIOUSLY_CONDEMNED')} AS ${REASONS_TYPE}),
         CAST(${added('newly_exhausted', `failed ${maxAttempts} times`, 'MAX_ATTEMPTS')} AS ${REASONS_TYPE})) AS reasons
     FROM rejects JOIN judged ON rejects.rowid = reject$`,
  );
}

/** SELECT of one verdict's records, in the order of the reject tables' columns. */
export function verdictSelect(verdict: 'quarantined' | 'condemned', plan: Plan): string {
  const planned = rowsTable(
    { source_file_id: 'VARCHAR', source_file: 'VARCHAR', processed$: 'VARCHAR' },
    plan.files.filter(isRead).map(({ sourceFileId, key, processedAt }) => ({
      source_file_id: sourceFileId,
      source_file: key,
      ...(processedAt === undefined ? {} : { processed$: processedAt }),
    })),
  );
  // The text of a time is read once a file, not once a record.
  const files = `SELECT source_file_id, min(source_file) AS source_file,
      CAST(coalesce(min(processed$), ${literal(plan.plannedAt)}) AS TIMESTAMPTZ) AS ingestion_timestamp FROM ${planned} GROUP BY source_file_id`;
  return `SELECT row_hash, verdicts.source_file_id, files.source_file, source_row_number, source_line, attempt_count,
      files.ingestion_timestamp, ${literal(plan.runId)} AS run_id,
      ${literal(plan.contractVersion)} AS contract_version, reasons, record, raw_text
    FROM verdicts JOIN (${files}) AS files
      USING (source_file_id)
    WHERE verdict = ${literal(verdict)} ORDER BY files.source_file, source_row_number`;
}

/** How often each reason code occurs among the verdicts for which a condition holds. */
export async function countReasonCodes(engine: Engine, which = 'true'): Promise<Record<string, number>> {
  const rows = await engine.rows(
    `SELECT code, count(*) AS n FROM (SELECT unnest(reasons).code AS code FROM verdicts WHERE ${which}) GROUP BY code ORDER BY code`,
  );
  return Object.fromEntries(rows.map((row) => [textOf(row, 'code'), integerOf(row, 'n')]));
}

const has = (code: string): string => `list_contains(list_transform(reasons, lambda r: r.code), '${code}')`;

/**
 * The condition under which a row of `verdicts` counts as news: its record failed for the first time, or for the last one allowed. Where files repeat earlier ones, all other failures are old.
 */
const FIRST_FAILURE_SQL = `(attempt_count <= 1 OR ${has('MAX_ATTEMPTS')}) AND NOT ${has('PREVIOUSLY_CONDEMNED')}`;

/** The condition under which its errors are new. A record's last attempt adds no errors: they were counted before. */
export const NEW_ERRORS_SQL = `attempt_count <= 1 AND NOT ${has('PREVIOUSLY_CONDEMNED')}`;

/** A record whose keys are gone is news once: no attempt counts it, so it would be new for ever. */
const NOT_UNREAD_AGAIN = 'NOT is_unread_again';

/**
 * The condition under which a row of `verdicts` counts as news; undefined where each does: the contract knows no repeats
 * (`isAgain`), and no record came again whose keys are gone.
 */
export async function newsSql(engine: Engine, isAgain: boolean): Promise<string | undefined> {
  if (isAgain) return `${FIRST_FAILURE_SQL} AND ${NOT_UNREAD_AGAIN}`;
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM verdicts WHERE NOT (${NOT_UNREAD_AGAIN})`);
  return integerOf(row, 'n') === 0 ? undefined : NOT_UNREAD_AGAIN;
}

/** What failed and is news by that condition. */
export async function countFirstFailures(
  engine: Engine,
  news: string,
  isAgain: boolean,
): Promise<FirstFailures> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) FILTER (verdict = 'quarantined') AS quarantined, count(*) FILTER (verdict = 'condemned') AS condemned FROM verdicts WHERE ${news}`,
  );
  return {
    quarantined: integerOf(row, 'quarantined'),
    condemned: integerOf(row, 'condemned'),
    reasons: await countReasonCodes(engine, isAgain ? NEW_ERRORS_SQL : 'true'),
  };
}
