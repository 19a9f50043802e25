import type { Engine, SqlValue } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { eventColumns, eventValueSql } from '../projecting/event-values.ts';
import type { EventValue, FoldedStream, FoldWorker } from '../projecting/fold-runner.ts';

/** Events that are read and folded at once. */
const BATCH = 20_000;

/** Folds the events of all streams of a SELECT; a stream is given once, with all of its events. */
export async function* foldAll(
  engine: Engine,
  worker: FoldWorker,
  { contract, events }: { readonly contract: EventContract; readonly events: string },
): AsyncGenerator<readonly FoldedStream[]> {
  const columns = eventColumns(contract);
  const { stream, version } = contract.events;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE all_events AS SELECT *, row_number() OVER (ORDER BY ${identifier(stream)}, ${identifier(version)}) AS n$ FROM (${events})`,
  );
  const values = columns.map((column) => eventValueSql(column)).join(', ');
  let open: FoldedStream | undefined;
  for (let from = 0; ; from += BATCH) {
    const { rows } = await engine.result(
      `SELECT CAST(${identifier(stream)} AS VARCHAR), ${values} FROM all_events WHERE n$ > ${from} AND n$ <= ${from + BATCH} ORDER BY n$`,
    );
    if (rows.length === 0) break;
    const { streams, isSame } = streamsOf(rows, open);
    const folded = await worker.fold({
      streams,
      columns: columns.map((_, n) => rows.map((row) => eventValue(row[n + 1]))),
    });
    const done = open === undefined || isSame ? [] : [open];
    // The last stream may go on in the next batch.
    open = folded.at(-1);
    yield [...done, ...folded.slice(0, -1)];
  }
  if (open !== undefined) yield [open];
}

interface Batched {
  readonly streams: { readonly stream: string; readonly state?: string; readonly events: number }[];
  /** Whether the batch begins with the stream that the one before ended with. */
  readonly isSame: boolean;
}

function streamsOf(rows: readonly (readonly SqlValue[])[], open: FoldedStream | undefined): Batched {
  const counts = new Map<string, number>();
  for (const [stream] of rows) counts.set(String(stream), (counts.get(String(stream)) ?? 0) + 1);
  const isSame = open !== undefined && counts.has(open.stream);
  const streams = [...counts].map(([stream, events]) => ({
    stream,
    events,
    ...(isSame && open?.stream === stream ? { state: open.state } : {}),
  }));
  return { streams, isSame };
}

const eventValue = (value: SqlValue | undefined): EventValue =>
  value === undefined || typeof value === 'object' ? null : value;
