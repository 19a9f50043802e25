import vm from 'node:vm';
import type { StreamEvents } from '../../../etl/projecting/fold-runner.ts';
import type { CodeContext } from './code-context.ts';
import type { Folded, Reply } from './messages.ts';

/** Code that folds, and where it is in its batch: what errors name. */
export interface Code {
  /** A context of its own, in which the code was run once. */
  open(): CodeContext;
  readonly place: { stream: number; at: number };
}

/** A state that can't be kept, or that isn't the same when folded again. */
export class StateFault extends Error {
  readonly fault: 'state' | 'not-pure';
  constructor(fault: 'state' | 'not-pure', message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Does work that is ended after a time, whatever it does. */
export function bounded<T>(timer: vm.Context, work: () => T, timeout: number): T {
  timer.run = work;
  return vm.runInContext('run()', timer, { timeout }) as T;
}

/** Folds each stream's events into its state. */
export function foldBatch(
  { place }: Code,
  context: CodeContext,
  { streams, columns: values }: StreamEvents,
  note?: (stream: number, at: number) => void,
): Folded {
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
    }
    states.push(written(context, state));
    rows.push(context.rows(state));
  }
  return { states, rows };
}

/** Folds twice: as ever, and in another context, the streams in the reverse order and each state read anew from its JSON. */
export function checkFold(code: Code, { streams, columns: values }: StreamEvents): Reply {
  const { place } = code;
  const [first, second] = [code.open(), code.open()];
  let at = 0;
  const folded = streams.map(({ state, events }, n) => {
    place.stream = n;
    let now = first.read(state);
    const start = at;
    const after: string[] = [];
    for (const end = at + events; at < end; at++) {
      place.at = at;
      now = first.apply(now, values, at);
      after.push(written(first, now));
    }
    return { n, state, start, after };
  });
  for (const { n, state, start, after } of folded.reverse()) {
    place.stream = n;
    let json = written(second, second.read(state));
    for (const [k, expected] of after.entries()) {
      place.at = start + k;
      json = written(second, second.apply(second.read(json), values, start + k));
      if (json !== expected) throw new StateFault('not-pure', 'another state');
    }
  }
  return { folded: { states: [], rows: [] } };
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
