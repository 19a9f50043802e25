import { isIntact } from '../closing/closed-report.ts';
import { closingRecords } from '../closing/closing-record.ts';
import { inMonthsSql, monthIndex } from '../closing/month.ts';
import { rowsDigest } from '../closing/rows-digest.ts';
import { shapedRows } from '../closing/shaped-rows.ts';
import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { closedRowsKey, waitingRowsKey } from '../naming/closings.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { type Closing, closedMonths } from '../table/closings.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { Problem } from './problem.ts';

/** What auditing closed months works with. */
export interface ClosingAudit {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly contract: GoldContract;
  readonly pointer: Pointer;
}

/**
 * Checks the digests of the rows kept for every closing and waiting restatement, and that the table still has each
 * closed month's rows.
 */
export async function auditClosings(audit: ClosingAudit): Promise<Problem[]> {
  const { engine, effects, contract, pointer } = audit;
  const { dataset } = contract;
  const kept = new Map<string, { readonly digest: string; readonly what: string }>();
  for (const { rowsKey, digest, month, id } of await closingRecords(effects.objects, dataset))
    kept.set(rowsKey, { digest, what: `with which ${month} was closed (closing ${id})` });
  for (const { month, id, digest, waiting } of pointer.closings ?? []) {
    kept.set(closedRowsKey(dataset, month, id), {
      digest,
      what: `with which ${month} was closed (closing ${id})`,
    });
    if (waiting !== undefined)
      kept.set(waitingRowsKey(dataset, month, waiting.id), {
        digest: waiting.digest,
        what: `that wait for ${month} (restatement ${waiting.id})`,
      });
  }
  const problems: Problem[] = [];
  for (const [key, { digest, what }] of kept) {
    const path = await effects.data.localPath(key).catch(() => undefined);
    if (path === undefined || !(await isIntact(engine, path, digest)))
      problems.push({ code: 'CLOSING', key, problem: `it doesn't have the rows any more ${what}` });
  }
  const damaged = new Set(problems.map(({ key }) => key));
  for (const closing of closedMonths(pointer))
    if (!damaged.has(closedRowsKey(dataset, closing.month, closing.id)))
      problems.push(...(await auditMonth(audit, closing)));
  return problems;
}

/** Whether the table has the rows that a month is closed with. */
async function auditMonth(
  { engine, effects, contract, pointer }: ClosingAudit,
  { month, id }: Closing,
): Promise<Problem[]> {
  const state = pointer.tables.gold;
  if (state === undefined) return [];
  const { dataset } = contract;
  const files = (await filesOf(await openTable(effects.objects, state))).filter(
    (file) => file.month === monthIndex(month),
  );
  const closed = await shapedRows(
    engine,
    [await effects.data.localPath(closedRowsKey(dataset, month, id))],
    contract,
  );
  const was = await rowsDigest(engine, `(${closed.select})`, closed.shared);
  const paths = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  const now =
    paths.length === 0
      ? { rows: 0, digest: '' }
      : await rowsDigest(engine, `(${(await shapedRows(engine, paths, contract)).select})`, closed.shared);
  if (now.digest === was.digest || (now.rows === 0 && was.rows === 0)) return [];
  return [
    {
      code: 'CLOSING',
      key: tableName('gold', dataset),
      problem: `its rows of ${month} are not those that the month was closed with (closing ${id})`,
    },
  ];
}

/**
 * Takes closed months out of `rebuilt`, the Gold table computed anew. Reports each one whose rows there aren't the
 * waiting ones or, if none wait, the closed ones. Skips months whose kept rows are damaged.
 */
export async function auditWaiting(
  { engine, effects, contract, pointer }: ClosingAudit,
  damaged: ReadonlySet<string>,
): Promise<Problem[]> {
  const { dataset, partitionColumn } = contract;
  const problems: Problem[] = [];
  const closings = closedMonths(pointer);
  for (const { month, id, waiting } of closings) {
    const key =
      waiting === undefined ? closedRowsKey(dataset, month, id) : waitingRowsKey(dataset, month, waiting.id);
    // Reported already.
    if (damaged.has(key)) continue;
    const path = await effects.data.localPath(key);
    const { select, shared } = await shapedRows(engine, [path], contract);
    const known = await rowsDigest(engine, `(${select})`, shared);
    const fresh = `(SELECT * FROM rebuilt WHERE ${inMonthsSql(partitionColumn, [month])})`;
    const { digest } = await rowsDigest(engine, fresh, shared);
    if (digest === known.digest) continue;
    const problem = `what its SQL makes of ${month} is neither what was closed nor what waits`;
    problems.push({ code: 'GOLD', key: tableName('gold', dataset), problem });
  }
  const months = closings.map(({ month }) => month);
  await engine.run(`DELETE FROM rebuilt WHERE ${inMonthsSql(partitionColumn, months)}`);
  return problems;
}
