import type { ProjectionContract } from '../contract/contract.ts';
import { identifier, literal } from '../engine/sql.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { Effects } from '../ports.ts';
import type { EventColumn } from '../projecting/fold-runner.ts';
import type { AsOf } from '../query/as-of.ts';
import { type FoldedEvent, type FoldedEvents, foldStream } from './fold-stream.ts';
import type { KnownEvents } from './known-events.ts';
import { type OpenFold, openFold } from './open-fold.ts';
import type { EventMoment } from './parse-at.ts';
import { shownRows, shownState } from './shown-values.ts';
import type { StreamAnswer, TracedEvent } from './stream-answer.ts';

/** A question about one stream of a projection. */
export interface StreamQuestion {
  /** `<domain>.<name>`. */
  readonly projection: string;
  readonly stream: string;
  /** Only what had happened by then; everything unless said. */
  readonly at?: EventMoment;
  /** What was known then. */
  readonly asOf: AsOf;
  /** So many of the last events are told, each with the state after it. */
  readonly traced: number;
}

/**
 * What a projection says of one stream: a fold of the events that had happened by `at`, out of those that readers saw as
 * of a moment, by the code with which the projection was published then. Throws ConfigError `NOT_PUBLISHED`,
 * `NO_SNAPSHOT` or `NO_CODE` where nothing was published then or its code was not kept, DataError `EVENTS_GONE` where the
 * rows of then are gone, and what the code throws.
 */
export async function askStream(effects: Effects, question: StreamQuestion): Promise<StreamAnswer> {
  const { projection: dataset, stream, traced, asOf } = question;
  const { projection, events, past, worker, known: find } = await openFold(effects, dataset, asOf);
  try {
    return await withScratchEngine(effects, 'project', async (engine) => {
      const known = await find(engine, whereOf(events, question));
      const folded = await foldStream(engine, worker, {
        contract: events,
        stream,
        events: known.sql,
        traced,
      });
      return answerOf(question, { past, known, events, projection, folded });
    });
  } finally {
    await worker.close();
  }
}

/** Which of the events are wanted: those of the stream, that had happened. */
function whereOf({ events, columns }: EventContract, { stream, at }: StreamQuestion): string {
  const type = columns.find(({ name }) => name === events.stream)?.type.kind;
  const isNumber = type === 'int' || type === 'long';
  const isOne = !isNumber || /^-?\d{1,18}$/.test(stream);
  const id = isNumber ? stream : literal(stream);
  const own = isOne ? `${identifier(events.stream)} = ${id}` : 'false';
  return at === undefined ? own : `${own} AND ${at.reached(identifier(events.at))}`;
}

interface Answered {
  readonly past: OpenFold['past'];
  readonly known: KnownEvents;
  readonly events: EventContract;
  readonly projection: ProjectionContract;
  readonly folded: FoldedEvents;
}

function answerOf(question: StreamQuestion, answered: Answered): StreamAnswer {
  const { past, known, events, projection, folded } = answered;
  const { last, columns, trace } = folded;
  const valueIn = (one: FoldedEvent | undefined, name: string): string | null =>
    textOf(one?.values[columns.findIndex((column) => column.name === name)]);
  return {
    projection: question.projection,
    stream: question.stream,
    state: last === undefined ? null : shownState(last.after.state),
    rows: last === undefined ? [] : shownRows(projection, question.stream, last.after.rows),
    version: valueIn(last, events.events.version),
    at: valueIn(last, events.events.at),
    events: folded.events,
    asOf: {
      snapshot: past.snapshotId,
      silverSnapshot: past.silverSnapshotId,
      since: new Date(past.atMs).toISOString(),
      code: past.digest,
      from: known.from,
    },
    ...(question.traced === 0 ? {} : { trace: trace.map((one) => tracedEvent(one, columns, answered)) }),
  };
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : String(value);

function tracedEvent(
  { values, after }: FoldedEvent,
  columns: readonly EventColumn[],
  { events: { events }, projection }: Answered,
): TracedEvent {
  const data = Object.fromEntries(columns.map(({ name }, n) => [name, values[n] ?? null]));
  const of = (name: string): string | null => textOf(data[name]);
  return {
    id: of(events.id),
    type: of(events.type),
    version: of(events.version),
    at: of(events.at),
    data,
    state: shownState(after.state),
    rows: shownRows(projection, after.stream, after.rows),
  };
}
