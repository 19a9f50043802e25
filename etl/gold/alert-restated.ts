import type { GoldContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import { FIGURE_SQL, type Figure, figureOf } from './figures.ts';

/** An alert quotes this many figures; ops.restatements has all. */
const MOST_FIGURES = 20;

/** The parts of an alert: the engine has the table `told`. */
interface Restating {
  readonly engine: Engine;
  readonly contract: GoldContract;
  readonly run: { readonly dataset: string; readonly runId: string };
  /** Closed months whose restatement is new. */
  readonly news: readonly string[];
}

/**
 * Alerts people which published figures of past months are about to change, and which of closed months would have: the
 * old values beside the new. Leaves out values of columns that are neither public nor internal.
 */
export async function alertRestated(
  { alerts, clock }: Pick<Effects, 'alerts' | 'clock'>,
  { engine, contract, run, news }: Restating,
): Promise<void> {
  const changed = await countedOf(engine, 'was_over AND waits IS NULL');
  const waiting = await countedOf(engine, 'waits IS NOT NULL');
  if (changed.count === 0 && news.length === 0) return;
  const { dataset } = contract;
  const sentences = [
    ...(changed.count === 0 ? [] : [changedText(dataset, changed)]),
    ...(news.length === 0 ? [] : [waitingText(dataset, waiting.count, news)]),
  ];
  const isWaiting = news.length > 0;
  await alerts.send({
    kind: 'figures-restated',
    dataset,
    runId: run.runId,
    at: clock.now().toISOString(),
    title: sentences.join(' '),
    readersSee: isWaiting
      ? `Readers see closed months as they were closed${changed.count === 0 ? '.' : `, and the new figures of the others, made after run ${run.runId} of ${run.dataset}.`}`
      : `Readers see the new figures, made after run ${run.runId} of ${run.dataset}.`,
    nextCommand: isWaiting
      ? `assay restatements ${dataset}`
      : `assay query "FROM ops.restatements WHERE dataset = '${dataset}' AND run_id = '${run.runId}'"`,
    details: {
      restated: changed.count,
      months: changed.months,
      ...(isWaiting ? { waiting: waiting.count, waitingMonths: [...news] } : {}),
      figures: await figuresOf(engine, contract),
    },
  });
}

interface Counted {
  readonly count: number;
  readonly months: readonly string[];
}

async function countedOf(engine: Engine, condition: string): Promise<Counted> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n, coalesce(string_agg(DISTINCT strftime(as_of_month, '%Y-%m'), ', ' ORDER BY strftime(as_of_month, '%Y-%m')), '') AS months
     FROM told WHERE ${condition}`,
  );
  const months = textOf(row, 'months');
  return { count: integerOf(row, 'n'), months: months === '' ? [] : months.split(', ') };
}

const figures = (count: number): string =>
  count === 1 ? '1 published figure' : `${count} published figures`;

function changedText(dataset: string, { count, months }: Counted): string {
  return `${figures(count)} of ${dataset} changed in ${shortened(months)}, which ${months.length > 1 ? 'were' : 'was'} over when published.`;
}

function waitingText(dataset: string, count: number, months: readonly string[]): string {
  return `${figures(count)} of ${dataset} would change in ${shortened(months)}, which ${months.length > 1 ? 'are' : 'is'} closed: that waits for a decision.`;
}

/** A list of a hundred months helps nobody. */
function shortened(months: readonly string[]): string {
  return months.length <= 6
    ? months.join(', ')
    : `${months.length} months from ${months[0]} to ${months.at(-1)}`;
}

async function figuresOf(engine: Engine, contract: GoldContract): Promise<Figure[]> {
  const rows = await engine.rows(
    `SELECT ${FIGURE_SQL} FROM told WHERE was_over OR waits IS NOT NULL ORDER BY as_of_month, "key", "column" LIMIT ${MOST_FIGURES}`,
  );
  return rows.map((row) => figureOf(row, contract));
}
