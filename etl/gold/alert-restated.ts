import type { GoldContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import { FIGURE_SQL, type Figure, figureOf } from './figures.ts';

/** An alert quotes so many figures; ops.restatements has them all. */
const MOST_FIGURES = 20;

/** What an alert is made of: the engine has the table `told`. */
interface Restating {
  readonly engine: Engine;
  readonly contract: GoldContract;
  readonly run: { readonly dataset: string; readonly runId: string };
}

/**
 * Tells people which published figures of months that were over are about to change, old value beside new. Values of
 * columns that are neither public nor internal are not told.
 */
export async function alertRestated(
  { alerts, clock }: Pick<Effects, 'alerts' | 'clock'>,
  { engine, contract, run }: Restating,
): Promise<void> {
  const [counts = {}] = await engine.rows(
    `SELECT count(*) AS n, coalesce(string_agg(DISTINCT strftime(as_of_month, '%Y-%m'), ', ' ORDER BY strftime(as_of_month, '%Y-%m')), '') AS months
     FROM told WHERE was_over`,
  );
  const count = integerOf(counts, 'n');
  if (count === 0) return;
  const months = textOf(counts, 'months');
  await alerts.send({
    kind: 'figures-restated',
    dataset: contract.dataset,
    runId: run.runId,
    at: clock.now().toISOString(),
    title: `${count === 1 ? '1 published figure' : `${count} published figures`} of ${contract.dataset} changed in ${shortened(months)}, which ${months.includes(',') ? 'were' : 'was'} over when published.`,
    readersSee: `Readers see the new figures, made after run ${run.runId} of ${run.dataset}.`,
    nextCommand: `assay query "FROM ops.restatements WHERE dataset = '${contract.dataset}' AND run_id = '${run.runId}'"`,
    details: { restated: count, months: months.split(', '), figures: await figuresOf(engine, contract) },
  });
}

/** A list of a hundred months helps nobody. */
function shortened(months: string): string {
  const all = months.split(', ');
  return all.length <= 6 ? months : `${all.length} months from ${all[0]} to ${all.at(-1)}`;
}

async function figuresOf(engine: Engine, contract: GoldContract): Promise<Figure[]> {
  const rows = await engine.rows(
    `SELECT ${FIGURE_SQL} FROM told WHERE was_over ORDER BY as_of_month, "key", "column" LIMIT ${MOST_FIGURES}`,
  );
  return rows.map((row) => figureOf(row, contract));
}
