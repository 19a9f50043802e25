import { join } from 'node:path';
import { SNAPSHOT_NAME } from '../contract/check-columns.ts';
import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { closedRowsKey, waitingRowsKey } from '../naming/closings.ts';
import type { Effects, Scratch } from '../ports.ts';
import { type Closing, withClosing } from '../table/closings.ts';
import { keepRows } from './keep-rows.ts';
import { inMonthsSql } from './month.ts';
import { idOf, rowsDigest } from './rows-digest.ts';
import { shapedRows } from './shaped-rows.ts';

/** A refresh that recomputed closed months, too, in the engine's table `rebuilt`. */
export interface ClosedRefresh {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly contract: GoldContract;
  readonly runId: string;
  /** The Silver snapshot that the rows say they are from, and those of all inputs. */
  readonly snapshotId: number;
  readonly inputs: Readonly<Record<string, number>>;
}

/** What became of the closed months that were made. */
export interface SetApart {
  /** The pointer's closings, with what waits of each. */
  readonly closings: readonly Closing[];
  /** Ids of the restatements that wait, by month. */
  readonly waiting: ReadonlyMap<string, string>;
  /** Months of which something waits that didn't before. */
  readonly news: readonly string[];
}

/**
 * Takes closed months' rows out of `rebuilt`, so that those months stay as closed. Stores the rows that differ from the
 * closed ones, to wait for a decision; equal ones no longer wait.
 */
export async function setClosedApart(
  refresh: ClosedRefresh,
  all: readonly Closing[],
  made: readonly Closing[],
): Promise<SetApart> {
  const { engine, contract } = refresh;
  let closings = all;
  const waiting = new Map<string, string>();
  const news: string[] = [];
  for (const closing of made) {
    const next = await judgeMonth(refresh, closing);
    closings = withClosing(closings, next);
    if (next.waiting === undefined) continue;
    waiting.set(next.month, next.waiting.id);
    if (next.waiting.id !== closing.waiting?.id) news.push(next.month);
  }
  const months = made.map(({ month }) => month);
  await engine.run(`DELETE FROM rebuilt WHERE ${inMonthsSql(contract.partitionColumn, months)}`);
  return { closings, waiting, news };
}

/** A closing with what waits of its month now. */
async function judgeMonth(refresh: ClosedRefresh, closing: Closing): Promise<Closing> {
  const { effects, engine, scratch, contract, snapshotId } = refresh;
  const { dataset } = contract;
  const { waiting: before, ...closed } = closing;
  const fresh = `(SELECT * FROM rebuilt WHERE ${inMonthsSql(contract.partitionColumn, [closing.month])})`;
  const path = await effects.data.localPath(closedRowsKey(dataset, closing.month, closing.id));
  const { select, shared } = await shapedRows(engine, [path], contract);
  // A new column has only first values, which restate nothing.
  const was = await rowsDigest(engine, `(${select})`, shared);
  const is = await rowsDigest(engine, fresh, shared);
  if (was.digest === is.digest) return closed;
  const { digest, rows } = await rowsDigest(
    engine,
    fresh,
    contract.columns.map(({ name }) => name),
  );
  const id = idOf(dataset, closing.month, closing.digest, digest);
  if (before?.id === id) return closing;
  const scratchPath = join(scratch.directory, `waiting-${id}.parquet`);
  const stamped = `SELECT *, CAST(${snapshotId} AS BIGINT) AS ${identifier(SNAPSHOT_NAME)} FROM ${fresh}`;
  await keepRows({ engine, contract, data: effects.data }, stamped, {
    scratchPath,
    key: waitingRowsKey(dataset, closing.month, id),
  });
  const since = effects.clock.now().toISOString();
  const { runId: run_id, inputs } = refresh;
  return { ...closed, waiting: { id, digest, rows, since, run_id, inputs: { ...inputs } } };
}
