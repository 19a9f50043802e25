import { monthIndex } from '../closing/month.ts';
import { shapedRows } from '../closing/shaped-rows.ts';
import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { closedRowsKey } from '../naming/closings.ts';
import type { Effects } from '../ports.ts';
import type { Closing } from '../table/closings.ts';
import type { DataFile } from '../table/schema.ts';
import type { MonthRange } from './months.ts';

/** A Gold table as readers see it. */
export interface PublishedGold {
  readonly effects: Pick<Effects, 'data'>;
  readonly engine: Engine;
  readonly contract: GoldContract;
  readonly files: readonly DataFile[];
  /** The pointer's. */
  readonly closings: readonly Closing[];
}

/** The months to make, and the files of the month before that are carried into the first of them. */
export interface CarriedRanges {
  readonly ranges: readonly MonthRange[];
  readonly carried: readonly DataFile[];
}

/**
 * Where making these months has to start, so that the month before stands as its SQL would make it now: a closed month that
 * something waits for, or that lacks a column of today's contract, is made once more (and stays as it was closed). Without
 * any month before, nothing is carried. The ranges as they are where the table doesn't carry.
 */
export async function carryFrom(gold: PublishedGold, ranges: readonly MonthRange[]): Promise<CarriedRanges> {
  const [range] = ranges;
  if (gold.contract.carry !== true || range === undefined) return { ranges, carried: [] };
  const first = Math.min(...gold.files.flatMap(({ month }) => (month === undefined ? [] : [month])));
  let { from } = range;
  while (from > first && !(await isAsMade(gold, from - 1))) from--;
  const carried = gold.files.filter(({ month }) => month === from - 1);
  return { ranges: [{ from, to: range.to }], carried };
}

async function isAsMade(
  { effects, engine, contract, closings }: PublishedGold,
  index: number,
): Promise<boolean> {
  const closing = closings.find(({ month }) => monthIndex(month) === index);
  if (closing === undefined) return true;
  if (closing.waiting !== undefined) return false;
  const path = await effects.data.localPath(closedRowsKey(contract.dataset, closing.month, closing.id));
  const { shared } = await shapedRows(engine, [path], contract);
  return shared.length === contract.columns.length;
}
