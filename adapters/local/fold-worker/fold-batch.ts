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
    rows.push(rowsText(context, state));
  }
  return { states, rows };
}

/** What a stream came to when it was folded as ever. */
interface OnceFolded {
  readonly n: number;
  readonly state: string | undefined;
  readonly start: number;
  /** The state after each event. */
  readonly after: readonly string[];
  readonly rows: string | undefined;
}

/**
 * Folds the first streams twice: as ever, and with the streams in the reverse order, each state read anew from its JSON, one
 * event in the context that knows all of them already and the next in a new one. What code keeps besides its states shows
 * in the one or the other. Rows are made once more of the last state.
 */
export function* checkFold(code: Code, batch: Batch): Pausing<void> {
  const [known, fresh] = [code.open(), code.open()];
  const folded = yield* foldOnce(code, known, batch);
  for (const { n, state, start, after, rows } of folded.reverse()) {
    code.place.stream = n;
    let json = written(fresh, fresh.read(state));
    for (const [k, expected] of after.entries()) {
      code.place.at = start + k;
      const context = k % 2 === 0 ? known : fresh;
      json = written(context, context.apply(context.read(json), batch.values, start + k));
      if (json !== expected) throw new StateFault('not-pure', 'another state');
      if (Date.now() >= code.pause.atMs) yield;
    }
    if (rowsText(known, known.read(json)) !== rows) throw new StateFault('not-pure', 'other rows');
  }
}

function* foldOnce({ place, pause }: Code, context: CodeContext, batch: Batch): Pausing<OnceFolded[]> {
  const folded: OnceFolded[] = [];
  let at = 0;
  for (const [n, { state, events }] of sampleOf(batch).entries()) {
    place.stream = n;
    let now = context.read(state);
    const [start, after] = [at, [] as string[]];
    for (const end = at + events; at < end; at++) {
      place.at = at;
      now = context.apply(now, batch.values, at);
      after.push(written(context, now));
      if (Date.now() >= pause.atMs) yield;
    }
    folded.push({ n, state, start, after, rows: rowsText(context, now) });
  }
  return folded;
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
  refuseStrange(state, 'apply');
  const json = context.write(state);
  if (json === undefined)
    throw new StateFault('state', 'apply returned nothing that JSON can say; return the state');
  return json;
}

function rowsText(context: CodeContext, state: unknown): string | undefined {
  const rows = context.rows(state);
  if (rows === undefined) return undefined;
  refuseStrange(rows, 'rows');
  return context.write(rows);
}

/** What JSON would say of these is that they are empty. */
const STRANGE = /^(Promise|Map|Set|WeakMap|WeakSet|RegExp|Error|(Async)?Generator|.* Iterator)$/;

function refuseStrange(value: unknown, by: string): void {
  if (typeof value !== 'object' || value === null) return;
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const isPromise = 'then' in value && typeof value.then === 'function';
  if (!isPromise && !STRANGE.test(kind)) return;
  const what = isPromise ? 'promise' : kind;
  const instead = by === 'apply' ? 'the state itself' : 'a list of rows';
  throw new StateFault('state', `${by} returned a ${what}; it must return ${instead}`);
}
