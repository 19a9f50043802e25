import { join } from 'node:path';
import { firstDaySql } from '../closing/month.ts';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { restatementsKey } from '../naming/closings.ts';
import { monthLabel } from '../naming/tables.ts';
import type { Effects, Scratch } from '../ports.ts';
import { alertRestated } from './alert-restated.ts';

/** What a refresh, or a decision, changes of a Gold table: the engine has the table `restated`. */
export interface Telling {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly contract: GoldContract;
  readonly run: { readonly dataset: string; readonly runId: string };
  /** The Silver snapshot that the new values are made from. */
  readonly snapshotId: number;
}

/** Closed months of which something waits. */
export interface WaitingMonths {
  /** Ids of the restatements, by month (`YYYY-MM`). */
  readonly waiting: ReadonlyMap<string, string>;
  /** Those of them that are new. */
  readonly news: readonly string[];
}

/** No month is closed. */
export const NONE_WAIT: WaitingMonths = { waiting: new Map(), news: [] };

/**
 * Makes the table `told` from `restated`, less what waited before. Adds whether a value's month was over and, for a
 * closed month, which restatement it waits under. Returns how many published values change, and in which months.
 */
export async function splitRestated(
  engine: Engine,
  open: readonly number[],
  { waiting, news }: WaitingMonths,
): Promise<{ readonly restated: number; readonly told: number; readonly months: readonly string[] }> {
  const openMonths = open.map((month) => firstDaySql(monthLabel(month)));
  const wasOver = openMonths.length === 0 ? 'true' : `as_of_month NOT IN (${openMonths.join(', ')})`;
  const cases = [...waiting].map(([month, id]) => `WHEN ${firstDaySql(month)} THEN ${literal(id)}`);
  const waits =
    cases.length === 0 ? 'CAST(NULL AS VARCHAR)' : `CASE as_of_month ${cases.join(' ')} ELSE NULL END`;
  const old = [...waiting.keys()].filter((month) => !news.includes(month)).map(firstDaySql);
  const isNews = old.length === 0 ? 'true' : `as_of_month NOT IN (${old.join(', ')})`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE told AS SELECT *, ${wasOver} AS was_over, ${waits} AS waits FROM restated WHERE ${isNews}`,
  );
  const [row = {}] = await engine.rows(
    'SELECT count(*) FILTER (WHERE waits IS NULL) AS restated, count(*) AS told FROM told',
  );
  const months = await engine.rows(
    "SELECT DISTINCT strftime(as_of_month, '%Y-%m') AS month FROM told WHERE waits IS NULL AND was_over ORDER BY 1",
  );
  return {
    restated: integerOf(row, 'restated'),
    told: integerOf(row, 'told'),
    months: months.map(({ month }) => String(month)),
  };
}

/** Keeps what `told` has, old value beside new. */
export async function keepTold(
  telling: Omit<Telling, 'contract'> & { readonly contract: Pick<Contract, 'dataset'> },
): Promise<void> {
  const { effects, engine, scratch, contract, run, snapshotId } = telling;
  const path = join(scratch.directory, 'restated.parquet');
  const at = effects.clock.now().toISOString();
  await engine.run(
    `COPY (SELECT ${literal(contract.dataset)} AS dataset, ${literal(run.runId)} AS run_id, CAST(${literal(at)} AS TIMESTAMPTZ) AS refreshed_at,
       CAST(${snapshotId} AS BIGINT) AS silver_snapshot_id, * FROM told ORDER BY as_of_month, "key", "column")
     TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await effects.data.publish(path, restatementsKey(contract.dataset, run.runId));
}

/**
 * Stores the restated values, old beside new, and alerts people about months that were over, and closed ones. Must run
 * before the new figures are published: otherwise a process that dies right after would alert nobody.
 */
export async function tellRestatements(telling: Telling, months: WaitingMonths): Promise<void> {
  const { effects, engine, contract, run } = telling;
  await keepTold(telling);
  await alertRestated(effects, { engine, contract, run, news: months.news });
}
