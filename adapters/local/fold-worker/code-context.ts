import vm from 'node:vm';
import type { EventColumn, EventValue } from '../../../etl/projecting/fold-runner.ts';
import { prelude } from './prelude.ts';

/** A projection's code in a context of its own; every value that it is given is made there. */
export interface CodeContext {
  readonly hasApply: boolean;
  /** Whether JSON can say the state that the code begins with. */
  readonly hasInitial: boolean;
  /** The next state; `values` has the columns' values of all events, `at` is the event's place among them. */
  apply(state: unknown, values: readonly (readonly EventValue[])[], at: number): unknown;
  /** A state as JSON, longs tagged; undefined where it can't be said in JSON. */
  write(state: unknown): string | undefined;
  /** A state of its JSON; that which the code begins with where there is none. */
  read(json: string | undefined): unknown;
  /** What the code makes of a state as its rows; undefined where the state itself is the row. */
  rows(state: unknown): unknown;
}

/** What code uses most of what every context has. */
const COMMON = [
  'Array',
  'BigInt',
  'Date',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Set',
  'String',
  'decimal',
];

/** Runs the code once, in a context with nothing but the language. Throws what it throws. */
export function openContext(file: string, script: string, columns: readonly EventColumn[]): CodeContext {
  const context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
  const run = (text: string, filename = 'assay'): unknown => vm.runInContext(text, context, { filename });
  const call = (text: string, ...args: readonly unknown[]): unknown =>
    (run(text) as (...given: readonly unknown[]) => unknown)(...args);
  call(`(${prelude.toString()})`, run('globalThis'));
  const exported = run('({})');
  // A context finds its globals by asking the process each time; a function that has them around it does not.
  const around = `(function (${COMMON.join(', ')}) { return function (exports) {${script}\n}; })`;
  const globals = COMMON.map((name) => run(name));
  (run(around, file) as (...given: readonly unknown[]) => (exports: unknown) => void)(...globals)(exported);
  return call(`(${toolsText(columns)})`, exported) as CodeContext;
}

/** A function text that makes, within the context, what reads, writes and folds there. */
const toolsText = (columns: readonly EventColumn[]): string => `(code) => {
  const { BigInt, Object, JSON: { parse, stringify } } = globalThis;
  const long = (key, value) =>
    value !== null && typeof value === 'object' && typeof value.$long === 'string' && Object.keys(value).length === 1
      ? BigInt(value.$long)
      : value;
  const read = (json) => (json.includes('"$long"') ? parse(json, long) : parse(json));
  const event = ${eventText(columns)};
  const { apply, rows } = code;
  const initial = stringify(code.initial === undefined ? {} : code.initial);
  return {
    hasApply: typeof apply === 'function',
    hasInitial: initial !== undefined,
    apply: (state, values, at) => apply(state, event(values, at)),
    write: (state) => stringify(state),
    read: (json) => read(json === undefined ? initial : json),
    rows: rows === undefined ? () => undefined : (state) => rows(state) ?? [],
  };
}`;

/** A function text that makes an event of the values at a place. */
function eventText(columns: readonly EventColumn[]): string {
  const members = columns.map(({ name, type }, n) => {
    const value = `v[${n}][i]`;
    const typed = type.kind === 'long' ? `(${value} === null ? null : BigInt(${value}))` : value;
    return `${JSON.stringify(name)}: ${typed}`;
  });
  return `(v, i) => ({ ${members.join(', ')} })`;
}
