import { messageOf } from '../errors.ts';
import { pointerKey } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { BETWEEN_RUNS, type TendBounds } from '../tending/tend.ts';
import { tendDataset } from '../tending/tend-dataset.ts';
import { DRILL_DATASET, DRILL_GOLD } from './drill-contracts.ts';
import type { Execution } from './ground.ts';
import type { Seat } from './turns.ts';

/** The upkeep as between runs, but each time, and in small steps. */
const TENDING: TendBounds = {
  ...BETWEEN_RUNS,
  everyCommits: 0,
  snapshots: { least: 1, most: 4 },
  mostRemoved: 60,
};

/** Whether a change of an object is a commit. */
export const isCommit = (key: string): boolean =>
  key === pointerKey('silver', DRILL_DATASET) || key === pointerKey('gold', DRILL_GOLD);

/** Lets some turns go by. */
export async function pass(seat: Seat, turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await seat.take(async () => undefined);
}

/** The upkeep of a dataset and its Gold tables, as the workflow's executions are given. */
export async function tendOnce(
  { dataset }: { readonly dataset: string },
  effects: Effects,
): Promise<Execution> {
  try {
    await tendDataset(effects, dataset, TENDING);
    return { isSuccess: true, cause: '' };
  } catch (error) {
    return { isSuccess: false, cause: messageOf(error) };
  }
}
