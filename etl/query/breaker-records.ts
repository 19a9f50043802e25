import { type Engine, integerOf, readParquet, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import type { Effects } from '../ports.ts';
import type { Breaker } from '../stages/outcomes.ts';
import { REJECT_SELECT, type Reject, rejectPaths, toReject } from './run-rejects.ts';

/** The records that opened a breaker. */
export interface BreakerRecords {
  /** How many of each run and file, most first. */
  readonly sources: readonly {
    readonly runId: string;
    readonly sourceFile: string;
    readonly records: number;
  }[];
  readonly examples: readonly Reject[];
}

/**
 * The records with the breaker's code that were counted when it opened: those of the run that opened it, from
 * where they are staged or published, and those published within the window before. At most `most` examples.
 */
export async function breakerRecords(
  engine: Engine,
  effects: Effects,
  { dataset, runId, code, openedAt, windowMinutes }: Breaker,
  most: number,
): Promise<BreakerRecords> {
  const selects: string[] = [];
  for (const [verdict, layer] of [
    ['quarantined', 'quarantine'],
    ['condemned', 'condemned'],
  ] as const) {
    const staged = await rejectPaths(effects, { dataset, runId, status: 'held' }, layer);
    const published = await rejectPaths(effects, { dataset, runId, status: 'promoted' }, layer);
    // An approved run's files are both.
    const paths = [...new Set([...staged, ...published])];
    if (paths.length > 0) selects.push(`SELECT ${literal(verdict)} AS verdict, * FROM ${readParquet(paths)}`);
  }
  if (selects.length === 0) return { sources: [], examples: [] };
  const since = new Date(Date.parse(openedAt) - windowMinutes * 60_000).toISOString();
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW breaker_records AS SELECT * FROM (${selects.join(' UNION ALL ')})
     WHERE list_contains(list_transform(reasons, lambda reason: reason.code), ${literal(code)})
       AND (run_id = ${literal(runId)} OR ingestion_timestamp BETWEEN CAST(${literal(since)} AS TIMESTAMPTZ) AND CAST(${literal(openedAt)} AS TIMESTAMPTZ))`,
  );
  const sources = await engine.rows(
    'SELECT run_id, source_file, count(*) AS n FROM breaker_records GROUP BY ALL ORDER BY n DESC, source_file, run_id',
  );
  const examples = await engine.rows(
    `SELECT ${REJECT_SELECT} FROM breaker_records ORDER BY source_file, source_row_number LIMIT ${most}`,
  );
  return {
    sources: sources.map((row) => ({
      runId: textOf(row, 'run_id'),
      sourceFile: textOf(row, 'source_file'),
      records: integerOf(row, 'n'),
    })),
    examples: examples.map(toReject),
  };
}
