import type { Contract } from '../contract/contract.ts';
import { didYouMean } from '../contract/nearest.ts';
import { type Engine, type SqlValue, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { type Layer, tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { Snapshot } from '../table/metadata.ts';
import type { AnswerColumn } from './answer.ts';
import { type AsOf, inputsOf } from './as-of.ts';
import { createLakeViews } from './lake-views.ts';
import { noTable } from './no-table.ts';
import { isHiddenFrom, mayRead, type Reader } from './reader.ts';
import { seenSnapshot } from './seen-snapshot.ts';
import {
  cursorOf,
  expiredCursor,
  type PageQuestion,
  type Place,
  placeOf,
  snapshotOf,
} from './table-page-cursor.ts';
import { type ColumnFilter, filterSql, type PageColumn } from './table-page-filter.ts';
import { checkOrder, fromPlaceSql, keyOf, orderSql, type PageOrder, wholeOrder } from './table-page-order.ts';

/** The layers whose tables are read by pages. */
export type PagedLayer = Exclude<Layer, 'source_files'>;

/** Which rows of which table are asked for, of when, in which order, and by whom. */
export interface PageRequest {
  readonly contract: Contract;
  readonly layer: PagedLayer;
  /** All of them are met. */
  readonly filters: readonly ColumnFilter[];
  readonly order: readonly PageOrder[];
  readonly asOf: AsOf;
  /** Where to go on, on the state that the first page was of. */
  readonly cursor?: string | undefined;
  readonly reader: Reader | undefined;
  /** Those of them that the table had at the moment; undefined for all. */
  readonly columns?: readonly string[] | undefined;
}

/** Rows that are asked for, as SQL over the views that were made for it. */
export interface PageQuery {
  /** As queries name it. */
  readonly table: string;
  /** The state that is seen; null where nothing was published. */
  readonly snapshotId: number | null;
  /** The Silver snapshots that a Gold table's state was made from, by dataset. */
  readonly madeFrom: Readonly<Record<string, number>>;
  /** Every column of the table that is seen. */
  readonly columns: readonly PageColumn[];
  /** SELECT without LIMIT, its rows in order. */
  readonly select: string;
  /** Rows that a LIMIT skips. */
  readonly skipped: number;
  /** Names of what the rows are ordered by: all of it is selected. */
  readonly orderedBy: readonly string[];
  /** Where the rows begin: behind this place, if any. */
  readonly start: Place | undefined;
  /** The cursor behind a place; undefined where nothing was published. */
  cursorAt(place: Place): string | undefined;
}

/** One page of rows. */
export interface TablePage extends Pick<PageQuery, 'table' | 'snapshotId' | 'madeFrom'> {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** For each row the cursor that goes on behind it. */
  readonly cursors: readonly string[];
  /** Whether there are rows behind the page. */
  readonly hasMore: boolean;
}

/**
 * Makes the view of one table at the moment asked for, and the SELECT of its rows. Throws ConfigError `NO_TABLE` where it is
 * not there for the reader, `NO_COLUMN`, `FILTER` and `ORDER` for what can't be asked of it, `CURSOR` and `CURSOR_EXPIRED`.
 */
export async function pageQuery(engine: Engine, effects: Effects, request: PageRequest): Promise<PageQuery> {
  const { contract, layer, filters, order: asked, cursor, reader } = request;
  const { dataset } = contract;
  const table = tableName(layer, dataset);
  if (!mayRead(reader, table)) throw noTable(table, []);
  const snapshot = await makeView(engine, effects, request);
  const snapshotId = snapshot?.['snapshot-id'] ?? null;
  const columns = await columnsOf(engine, request);
  const named = columns.filter(({ name }) => request.columns?.includes(name) ?? true);
  checkOrder(
    asked.map((one) => ({ ...one, column: columnOf(columns, one.column).name })),
    columns,
  );
  const order = wholeOrder(asked, keyOf(contract, layer), columns);
  const question: PageQuestion = { table, dataset, filters, order };
  const start = cursor === undefined ? undefined : placeOf(cursor, question, order.length);
  const conditions = [
    ...filters.map((filter) => filterSql(filter, columnOf(columns, filter.column))),
    ...(start === undefined ? [] : [`(${fromPlaceSql(start, order, columns)})`]),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const orderedBy = order.map(({ column }) => column);
  const selected = [...new Set([...named.map(({ name }) => name), ...orderedBy])].map(identifier);
  const by = order.length === 0 ? '' : ` ORDER BY ${orderSql(order)}`;
  return {
    table,
    snapshotId,
    madeFrom: snapshot === undefined ? {} : inputsOf(snapshot),
    columns,
    select: `SELECT ${selected.join(', ')} FROM ${quoted(table)}${where}${by}`,
    skipped: start?.shown ?? 0,
    orderedBy,
    start,
    cursorAt: (place) => (snapshotId === null ? undefined : cursorOf(question, snapshotId, place)),
  };
}

/** One page of a table's rows, at most `limit`. */
export async function tablePage(
  engine: Engine,
  effects: Effects,
  request: PageRequest & { readonly limit: number },
): Promise<TablePage> {
  const query = await pageQuery(engine, effects, request);
  const { limit } = request;
  const { columns, rows: found } = await engine.result(
    `${query.select} LIMIT ${limit + 1} OFFSET ${query.skipped}`,
  );
  const rows = found.slice(0, limit);
  const at = query.orderedBy.map((name) => columns.findIndex((column) => column.name === name));
  let last = query.start;
  const cursors = rows.map((row) => {
    last = nextPlace(
      last,
      at.map((n) => row[n] ?? null),
    );
    return query.cursorAt(last) ?? '';
  });
  const { table, snapshotId, madeFrom } = query;
  return { table, snapshotId, madeFrom, columns, rows, cursors, hasMore: found.length > limit };
}

/** The place of a row, by that of the row before it. */
export function nextPlace(last: Place | undefined, row: readonly SqlValue[]): Place {
  const values = row.map((value) => (value === null ? null : String(value)));
  const shown = last?.values.every((value, n) => value === values[n]) === true ? last.shown : 0;
  return { values, shown: shown + 1 };
}

/** Makes the table readable as it was at the moment asked for, or that a cursor is of, and returns the snapshot that is seen. */
async function makeView(
  engine: Engine,
  effects: Effects,
  { contract: { dataset }, layer, asOf, cursor, reader }: PageRequest,
): Promise<Snapshot | undefined> {
  const table = tableName(layer, dataset);
  const pinned = cursor === undefined ? undefined : snapshotOf(cursor);
  const wanted: AsOf = pinned === undefined ? asOf : { kind: 'snapshot', id: pinned };
  const snapshot = await seenSnapshot(effects, { layer, dataset }, wanted).catch((error: unknown) => {
    throw pinned !== undefined && isGone(error) ? expiredCursor(table) : error;
  });
  const id = snapshot?.['snapshot-id'];
  if (pinned !== undefined && pinned !== id) throw expiredCursor(table);
  const seen: AsOf = id === undefined ? asOf : { kind: 'snapshot', id };
  await createLakeViews(engine, effects, table, seen, { isExact: true, reader, dataset });
  return snapshot;
}

const isGone = (error: unknown): boolean =>
  error instanceof ConfigError && (error.code === 'NO_SNAPSHOT' || error.code === 'SNAPSHOT_EXPIRED');

async function columnsOf(
  engine: Engine,
  { contract, layer, reader }: PageRequest,
): Promise<readonly PageColumn[]> {
  const described = await engine.rows(`DESCRIBE ${quoted(tableName(layer, contract.dataset))}`);
  return described.map((row) => {
    const name = textOf(row, 'column_name');
    const isHidden = isHiddenFrom(reader, contract, { layer, column: name });
    return { name, type: textOf(row, 'column_type'), isHidden };
  });
}

function columnOf(columns: readonly PageColumn[], name: string): PageColumn {
  const column = columns.find((one) => one.name === name);
  if (column !== undefined) return column;
  const names = columns.map((one) => one.name);
  throw new ConfigError(
    'NO_COLUMN',
    `There is no column '${name}'${didYouMean(name, names)}; there are ${names.join(', ')}.`,
    { context: { column: name } },
  );
}

const quoted = (name: string): string => name.split('.').map(identifier).join('.');
