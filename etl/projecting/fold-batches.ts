import { type Engine, integerOf, type PlainValue } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { eventColumns, valueSql } from './event-values.ts';
import type { EventColumn, FoldedStream, FoldWorker, StreamEvents } from './fold-runner.ts';

/** Events that a worker is given at once: so many, or fewer where they are long. */
const MOST_EVENTS = 65_536;
const BATCH_BYTES = 16 * 1024 * 1024;

/** Streams all of whose events are folded, and the batch with their last ones; undefined behind the last batch. */
export interface FoldedBatch {
  readonly streams: readonly FoldedStream[];
  readonly batch: StreamEvents | undefined;
}

/** What is folded: the engine has `ordered_events` (see orderEvents), and `going_on` (stream, state) where `goesOn`. */
export interface BatchedFold {
  readonly engine: Engine;
  readonly source: EventContract;
  readonly worker: FoldWorker;
  readonly goesOn: boolean;
}

/**
 * Makes the table `event_values` of a SELECT of Silver's rows, stream by stream in the order of their versions, and the view
 * `ordered_events` of it: stream$, version$, at$. Returns how many events there are.
 */
export async function orderEvents(engine: Engine, source: EventContract, select: string): Promise<number> {
  const { stream, version, at } = source.events;
  const columns = eventColumns(source);
  const of = (wanted: string): string => `v${columns.findIndex(({ name }) => name === wanted)}`;
  const values = columns.map(({ name }, n) => `${identifier(name)} AS v${n}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE event_values AS SELECT ${values.join(', ')} FROM (${select}) ORDER BY ${of(stream)}, ${of(version)}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW ordered_events AS SELECT CAST(${of(stream)} AS VARCHAR) AS stream$,
       CAST(${of(version)} AS BIGINT) AS version$, CAST(${of(at)} AS TIMESTAMPTZ) AS at$ FROM event_values`,
  );
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM event_values');
  return integerOf(row, 'n');
}

/**
 * Folds all of `ordered_events`: each stream is given once, when all of its events are folded. The first batch's first
 * streams are folded twice. Throws what the worker throws.
 */
export async function* foldBatches(fold: BatchedFold): AsyncGenerator<FoldedBatch> {
  const reading = await readingOf(fold);
  const { total, size } = reading;
  let open: FoldedStream | undefined;
  let done: FoldedBatch | undefined;
  let next = readEvents(fold, reading, 0);
  for (let from = 0; from < total; from += size) {
    const batch = batchOf(await next, open);
    const folding = fold.worker.fold(batch, from === 0 ? 'twice' : undefined);
    // The next events are read, and the last streams taken, while these are folded.
    if (from + size < total) next = readEvents(fold, reading, from + size);
    for (const going of [folding, next]) going.catch(() => undefined);
    if (done !== undefined) yield done;
    const folded = await folding;
    const [first] = folded;
    const ended = open !== undefined && open.stream !== first?.stream ? [open] : [];
    // The last stream may go on in the next batch.
    open = folded.at(-1) ?? open;
    done = { streams: [...ended, ...folded.slice(0, -1)], batch };
  }
  if (done !== undefined) yield done;
  if (open !== undefined) yield { streams: [open], batch: undefined };
}

/** How events are read. */
interface Reading {
  readonly total: number;
  /** Events at once. */
  readonly size: number;
  /** SQL of the JSON of a column's values; `order` is the order of the list, where it must be said. */
  readonly lists: readonly ((order: string) => string)[];
}

async function readingOf({ engine, source }: BatchedFold): Promise<Reading> {
  const columns = eventColumns(source);
  const texts = columns.flatMap(({ type }, n) =>
    type.kind === 'string' ? [`coalesce(strlen(v${n}), 0)`] : [],
  );
  const safe = columns.map(({ type }, n) =>
    type.kind === 'long'
      ? `coalesce(bool_and(v${n} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}), true)`
      : 'false',
  );
  const [[total = 0] = [], [bytes = 0] = [], ...isSafe] = await engine.values(
    `SELECT CAST(count(*) AS DOUBLE), CAST(coalesce(avg(${['20', ...texts].join(' + ')}), 1) AS DOUBLE), ${safe.join(', ')} FROM event_values`,
  );
  return {
    total: Number(total),
    size: Math.max(1, Math.min(MOST_EVENTS, Math.floor(BATCH_BYTES / Number(bytes)))),
    lists: columns.map(listSql(isSafe.map(([is]) => is === true))),
  };
}

/** Longs that are safe integers need not be text. */
const listSql =
  (isSafe: readonly boolean[]) =>
  ({ type }: EventColumn, n: number) => {
    const value = isSafe[n] === true ? `v${n}` : valueSql(`v${n}`, type);
    return (order: string): string => `CAST(to_json(list(${value}${order})) AS VARCHAR)`;
  };

/** Events as they are read: how many the streams have, the JSON of their values, and the states of streams that go on. */
interface ReadEvents {
  readonly streams: readonly (readonly [stream: PlainValue, events: number])[];
  readonly columns: readonly string[];
  readonly states: ReadonlyMap<PlainValue, string>;
}

async function readEvents(fold: BatchedFold, { lists, size }: Reading, from: number): Promise<ReadEvents> {
  const { engine, goesOn } = fold;
  const range = `rowid BETWEEN ${from} AND ${from + size - 1}`;
  const [names = [], counts = []] = await engine.values(
    `SELECT stream$, CAST(count(*) AS INTEGER) FROM (SELECT rowid AS n$, CAST(v${streamPlace(fold)} AS VARCHAR) AS stream$ FROM event_values WHERE ${range}) GROUP BY stream$ ORDER BY min(n$)`,
  );
  const listed = async (order: string): Promise<PlainValue[]> => {
    const [isOrdered, ...columns] = await engine.values(
      `SELECT list(n$${order}) = list(n$ ORDER BY n$), ${lists.map((list) => list(order)).join(', ')}
       FROM (SELECT *, rowid AS n$ FROM event_values WHERE ${range})`,
    );
    return isOrdered?.[0] === true ? columns.map(([json = null]) => json) : [];
  };
  // Said for each list, the order takes as long again; the engine promises none unless it is said.
  const unsaid = await listed('');
  const columns = unsaid.length > 0 ? unsaid : await listed(' ORDER BY n$');
  const states = new Map<PlainValue, string>();
  if (goesOn) {
    const [known = [], texts = []] = await engine.values(
      `SELECT stream, state FROM going_on SEMI JOIN (SELECT DISTINCT CAST(v${streamPlace(fold)} AS VARCHAR) AS stream FROM event_values WHERE ${range}) USING (stream)`,
    );
    for (const [n, stream] of known.entries()) states.set(stream, String(texts[n]));
  }
  return { streams: names.map((name, n) => [name, Number(counts[n])]), columns: columns.map(String), states };
}

const streamPlace = ({ source }: BatchedFold): number =>
  eventColumns(source).findIndex(({ name }) => name === source.events.stream);

/** A batch: each stream with its state; of that in which the batch before ended, what it came to there. */
function batchOf({ streams, columns, states }: ReadEvents, open: FoldedStream | undefined): StreamEvents {
  return {
    streams: streams.map(([id, events]) => {
      const state = open?.stream === id ? open.state : states.get(id);
      return { stream: String(id), events, ...(state === undefined ? {} : { state }) };
    }),
    columns,
  };
}
