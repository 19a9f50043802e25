/** A named query of sql/athena as it is asked embedded, in DuckDB's SQL, written by hand. */
export interface EmbeddedQuery {
  readonly expected: (dataset: string) => string;
  /** Columns that depend on when one asks. */
  readonly hidden?: readonly string[];
}

/** By the title of the file. */
export const NAMED_QUERIES: Readonly<Record<string, EmbeddedQuery>> = {
  'balances at month end': {
    expected: () => `SELECT account_id, currency, as_of_month, balance, silver_snapshot_id
      FROM gold.finance_account_balances
      WHERE as_of_month = (SELECT max(as_of_month) FROM gold.finance_account_balances)`,
  },
  'balances by currency': {
    expected: () => `SELECT as_of_month, currency, count(*) AS accounts, sum(balance) AS balance
      FROM gold.finance_account_balances GROUP BY ALL`,
  },
  freshness: {
    hidden: ['hours_ago'],
    expected: (dataset) => `SELECT '${dataset}' AS dataset, max(processed_at) AS last_run_at,
        arg_max(run_id, processed_at) AS last_run_id, arg_max(source_file, processed_at) AS last_source_file,
        count(DISTINCT run_id) AS runs, count(*) AS source_files
      FROM ops.source_files WHERE dataset = '${dataset}'`,
  },
  // Corrections are in no table of Athena's: what was corrected is still open there, unlike in ops.quarantine.
  'quarantine by reason': {
    expected: (dataset) => {
      const name = dataset.replace('.', '_');
      return `SELECT reason.code AS code, reason."column" AS column_name, reason.rule AS rule,
          count(DISTINCT row_hash) AS records,
          count(DISTINCT row_hash) FILTER (row_hash NOT IN (SELECT row_hash FROM condemned.${name})
            AND row_hash NOT IN (SELECT row_hash FROM silver.${name} WHERE attempt_count > 0)) AS still_open,
          max(attempt_count) AS most_attempts, min(ingestion_timestamp) AS first_seen, max(ingestion_timestamp) AS last_seen
        FROM (SELECT *, unnest(reasons) AS reason FROM quarantine.${name}) GROUP BY ALL`;
    },
  },
  'run history': {
    expected: (dataset) => `SELECT run_id, min(processed_at) AS planned_at, count(*) AS source_files,
        count(*) FILTER (status = 'rejected') AS rejected_files, sum(records) AS records, sum(silver) AS silver,
        sum(quarantined) AS quarantined, sum(condemned) AS condemned, sum(blank) AS blank,
        sum(coalesce(footer, 0)) AS footer, sum(coalesce(repeats, 0)) AS repeats, sum(coalesce(forgotten, 0)) AS forgotten,
        CAST(CAST(sum(quarantined) AS DECIMAL(18, 0)) * 100.0000 / nullif(sum(records) - sum(blank) - sum(coalesce(footer, 0)) - sum(coalesce(repeats, 0)) - sum(coalesce(forgotten, 0)), 0) AS DECIMAL(5, 2)) AS quarantine_percent,
        max(contract_version) AS contract_version
      FROM ops.source_files WHERE dataset = '${dataset}' GROUP BY run_id`,
  },
};
