import type { Engine, SqlValue } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { eventColumns, eventValueSql } from '../projecting/event-values.ts';
import type { EventColumn, EventValue, FoldedStream, FoldWorker } from '../projecting/fold-runner.ts';

/** The events of one stream, to be folded. */
export interface StreamToFold {
  readonly contract: EventContract;
  /** As text. */
  readonly stream: string;
  /** SELECT of its rows of Silver, in any order. */
  readonly events: string;
  /** So many of the last events are told one by one, each with the state after it. */
  readonly traced: number;
}

/** One event and what the stream came to with it. */
export interface FoldedEvent {
  readonly values: readonly EventValue[];
  readonly after: FoldedStream;
}

/** What a stream came to. */
export interface FoldedEvents {
  /** Undefined where it has no event. */
  readonly last: FoldedEvent | undefined;
  readonly columns: readonly EventColumn[];
  readonly events: number;
  readonly trace: readonly FoldedEvent[];
}

/** Events that are read and folded at once. */
const BATCH = 10_000;

/** Folds the events of one stream in the order of their versions; those to be traced one after another. */
export async function foldStream(
  engine: Engine,
  worker: FoldWorker,
  { contract, stream, events, traced }: StreamToFold,
): Promise<FoldedEvents> {
  const columns = eventColumns(contract);
  const version = identifier(contract.events.version);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE asked_events AS SELECT *, row_number() OVER (ORDER BY ${version}) AS n$ FROM (${events})`,
  );
  const [total = 0] = await engine.integers('SELECT count(*) FROM asked_events');
  const values = columns.map((column) => eventValueSql(column)).join(', ');
  const single = Math.max(0, total - traced);
  const trace: FoldedEvent[] = [];
  let last: FoldedEvent | undefined;
  for (let from = 0; from < total; ) {
    const isTraced = from >= single;
    const to = Math.min(from + BATCH, isTraced ? total : single);
    const { rows } = await engine.result(
      `SELECT ${values} FROM asked_events WHERE n$ > ${from} AND n$ <= ${to} ORDER BY n$`,
    );
    for (const part of isTraced ? rows.map((row) => [row]) : [rows]) {
      last = await foldPart(worker, { stream, columns, last, rows: part.map(eventValues) });
      if (isTraced && last !== undefined) trace.push(last);
    }
    from = to;
  }
  return { last, columns, events: total, trace };
}

interface Part {
  readonly stream: string;
  readonly columns: readonly EventColumn[];
  readonly last: FoldedEvent | undefined;
  readonly rows: readonly EventValue[][];
}

async function foldPart(
  worker: FoldWorker,
  { stream, columns, last, rows }: Part,
): Promise<FoldedEvent | undefined> {
  const batch = {
    streams: [{ stream, ...(last === undefined ? {} : { state: last.after.state }), events: rows.length }],
    columns: columns.map((_, n) => rows.map((row) => row[n] ?? null)),
  };
  const [after] = await worker.fold(batch);
  const values = rows.at(-1);
  return after === undefined || values === undefined ? last : { values, after };
}

/** Of columns whose SQL gives nothing else, as the fold takes them. */
const eventValues = (row: readonly SqlValue[]): EventValue[] =>
  row.map((value) => (typeof value === 'object' ? null : value));
