import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError, DataError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { answerOf, type QueryAnswer } from '../query/answer.ts';
import { maskSql } from '../query/reader.ts';
import { closedMonths } from '../table/closings.ts';
import { readPointer } from '../table/pointer.ts';
import { type ClosingRecord, readClosing, recordOf } from './closing-record.ts';
import { figureColumns, rowsDigest } from './rows-digest.ts';

/** Which closed rows are wanted: of one closing, of the one that holds for a month, or of all that hold. */
export interface ClosedWanted {
  readonly dataset: string;
  readonly month: string | undefined;
  readonly closing: string | undefined;
  /** Names of columns whose values are not shown. */
  readonly hidden?: ReadonlySet<string> | undefined;
}

/** Closed rows, and the closings that they are of. */
export interface ClosedReport {
  readonly closings: readonly ClosingRecord[];
  readonly answer: QueryAnswer;
}

/**
 * The stored rows that months of a Gold table were closed with, in their stored order. Throws ConfigError `NO_CLOSING`
 * or `NOT_CLOSED` where there are none, and DataError `CLOSED_ROWS_DAMAGED` where they have changed.
 */
export async function closedReport(
  engine: Engine,
  effects: Effects,
  wanted: ClosedWanted,
): Promise<ClosedReport> {
  const closings = await findClosings(effects, wanted);
  const paths: string[] = [];
  for (const closing of closings) {
    const path = await effects.data.localPath(closing.rowsKey).catch(() => undefined);
    if (path === undefined || !(await isIntact(engine, path, closing.digest))) throw damaged(closing);
    paths.push(path);
  }
  const from = readParquet(paths);
  const masked = (await figureColumns(engine, from))
    .filter((name) => wanted.hidden?.has(name) === true)
    .map((name) => `${maskSql(identifier(name))} AS ${identifier(name)}`);
  const shown = masked.length === 0 ? '*' : `* REPLACE (${masked.join(', ')})`;
  return { closings, answer: await answerOf(engine, `SELECT ${shown} FROM ${from}`) };
}

/** Whether a Parquet file has the rows of a digest. */
export async function isIntact(engine: Engine, path: string, digest: string): Promise<boolean> {
  try {
    const from = readParquet([path]);
    return (await rowsDigest(engine, from, await figureColumns(engine, from))).digest === digest;
  } catch {
    return false;
  }
}

async function findClosings(
  effects: Effects,
  { dataset, month, closing: id }: ClosedWanted,
): Promise<ClosingRecord[]> {
  const said = (await readPointer(effects.objects, 'gold', dataset))?.pointer.closings ?? [];
  if (id !== undefined) {
    const known = said.find((one) => one.id === id);
    const record =
      (await readClosing(effects.objects, dataset, id)) ??
      (known === undefined ? undefined : { ...recordOf(dataset, known), ended: null });
    if (record === undefined || (month !== undefined && record.month !== month))
      throw noClosing(dataset, id, month);
    return [record];
  }
  const holding = closedMonths({ closings: said });
  const found = holding.filter((one) => month === undefined || one.month === month);
  if (found.length > 0) return found.map((one) => ({ ...recordOf(dataset, one), ended: null }));
  const last = said.find((one) => one.month === month);
  const what =
    month === undefined ? `No month of ${dataset} is closed` : `${month} of ${dataset} is not closed`;
  const next =
    last?.reopened === undefined
      ? `'assay close ${dataset} --month ${month ?? 'YYYY-MM'} --reason …' closes one.`
      : `It was until ${last.reopened.at}: --closing ${last.id} gives the rows of then.`;
  throw new ConfigError('NOT_CLOSED', `${what}. ${next}`, { context: { report: dataset } });
}

function noClosing(dataset: string, id: string, month: string | undefined): ConfigError {
  const what = month === undefined ? '' : ` of ${month}`;
  return new ConfigError(
    'NO_CLOSING',
    `${dataset} has no closing ${id}${what}: 'assay query "FROM ops.closings WHERE report = '${dataset}'"' lists those there are.`,
    { context: { report: dataset, closing: id } },
  );
}

function damaged({ report, month, id, rowsKey }: ClosingRecord): DataError {
  return new DataError(
    'CLOSED_ROWS_DAMAGED',
    `${rowsKey} doesn't have the rows any more with which ${month} of ${report} was closed (closing ${id}): restore it from a backup. 'assay audit --dataset ${report}' says whether the table still has them.`,
    { context: { report, month, closing: id, key: rowsKey } },
  );
}
