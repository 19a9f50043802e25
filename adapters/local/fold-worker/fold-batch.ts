import { type EventValue, type StreamEvents, valuesOf } from '../../../etl/projecting/fold-runner.ts';
import type { CodeContext } from './code-context.ts';
import type { Folded } from './messages.ts';

/** How much of a batch is folded twice where that is asked for. */
const SAMPLE_STREAMS = 64;
const SAMPLE_EVENTS = 2_000;

/** Code that folds, where it is in its batch, which is what errors name, and when it is to pause next. */
export interface Code {
  /** A context of its own, in which the code was run once. */
  open(): CodeContext;
  readonly place: { stream: number; at: number };
  readonly pause: { atMs: number };
}

/** Work that pauses between two events when its time has come, so that what takes long is no event alone. */
export type Pausing<T> = Generator<undefined, T>;

/** A state that can't be kept, or that isn't the same when folded again. */
export class StateFault extends Error {
  readonly fault: 'state' | 'not-pure';
  constructor(fault: 'state' | 'not-pure', message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Streams with the values of their events. */
export interface Batch {
  readonly streams: StreamEvents['streams'];
  readonly values: readonly (readonly EventValue[])[];
}

/** A batch as it came. */
export const batchOf = ({ streams, columns }: StreamEvents): Batch => ({
  streams,
  values: columns.map(valuesOf),
});

/** Folds each stream's events into its state; `note` is told of each event before it. */
export function* foldBatch(
  { place, pause }: Code,
  context: CodeContext,
  { streams, values, note }: Batch & { readonly note?: (stream: number, at: number) => void },
): Pausing<Folded> {
  const states: string[] = [];
  const rows: (string | undefined)[] = [];
  let at = 0;
  for (const [n, { state: json, events }] of streams.entries()) {
    place.stream = n;
    let state = context.read(json);
    for (const end = at + events; at < end; at++) {
      place.at = at;
      note?.(n, at);
      state = context.apply(state, values, at);
      if (Date.now() >= pause.atMs) yield;
    }
    states.push(written(context, state));
    rows.push(context.rows(state));
  }
  return { states, rows };
}

/** Folds the first streams twice: as ever, and in another context, the streams in the reverse order and each state read anew from its JSON. */
export function* checkFold(code: Code, batch: Batch): Pausing<void> {
  const { place, pause } = code;
  const { values } = batch;
  const [first, second] = [code.open(), code.open()];
  const folded: { n: number; state: string | undefined; start: number; after: string[] }[] = [];
  let at = 0;
  for (const [n, { state, events }] of sampleOf(batch).entries()) {
    place.stream = n;
    let now = first.read(state);
    const one = { n, state, start: at, after: [] as string[] };
    for (const end = at + events; at < end; at++) {
      place.at = at;
      now = first.apply(now, values, at);
      one.after.push(written(first, now));
      if (Date.now() >= pause.atMs) yield;
    }
    folded.push(one);
  }
  for (const { n, state, start, after } of folded.reverse()) {
    place.stream = n;
    let json = written(second, second.read(state));
    for (const [k, expected] of after.entries()) {
      place.at = start + k;
      json = written(second, second.apply(second.read(json), values, start + k));
      if (json !== expected) throw new StateFault('not-pure', 'another state');
      if (Date.now() >= pause.atMs) yield;
    }
  }
}

/** The first streams, with as many events as are worth folding twice. */
function sampleOf({ streams }: Batch): { readonly state: string | undefined; readonly events: number }[] {
  const sample: { state: string | undefined; events: number }[] = [];
  let left = SAMPLE_EVENTS;
  for (const { state, events } of streams.slice(0, SAMPLE_STREAMS)) {
    const own = Math.min(events, left);
    if (own > 0) sample.push({ state, events: own });
    left -= own;
  }
  return sample;
}

function written(context: CodeContext, state: unknown): string {
  if (isPromise(state))
    throw new StateFault('state', 'apply returned a promise; it must return the state itself');
  const json = context.write(state);
  if (json === undefined)
    throw new StateFault('state', 'apply returned nothing that JSON can say; return the state');
  return json;
}

const isPromise = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
