import type { ProjectionContract, ShippedFold } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { eventColumns } from './event-values.ts';

/**
 * The code of a fold that ships, for a projection of a dataset's events: the same kind of text as users write, run in the
 * same way. Throws ConfigError `PROJECTION_COLUMNS` where a column of the projection can't come of it.
 */
export function shippedFold(kind: ShippedFold, contract: ProjectionContract, source: EventContract): string {
  const names = { at: source.events.at, type: source.events.type };
  const text = JSON.stringify;
  if (kind === 'counter') {
    const counts = ownColumns(contract, ['events', 'first_at', 'last_at']);
    for (const name of counts) requireKind(contract, name, ['int', 'long']);
    return `const names = ${text(names)}; const counts = ${text(counts)};\n${COUNTER}`;
  }
  const added = kind === 'scd2' ? ['valid_from', 'valid_to', 'is_current'] : [];
  const copied = ownColumns(contract, added);
  for (const name of copied) requireSame(contract, name, source);
  if (kind === 'current_state') return `const copied = ${text(copied)};\n${CURRENT_STATE}`;
  for (const name of added)
    if (!contract.columns.some((column) => column.name === name))
      throw wrong(contract, `has no column ${name}, which scd2 gives: add it`);
  return `const copied = ${text(copied)}; const names = ${text(names)};\n${SCD2}`;
}

/** Columns but the key's first, which is the stream, and those that the fold gives itself. */
const ownColumns = ({ columns, key }: ProjectionContract, given: readonly string[]): string[] =>
  columns.map(({ name }) => name).filter((name) => name !== key[0] && !given.includes(name));

function requireSame(contract: ProjectionContract, name: string, source: EventContract): void {
  const own = contract.columns.find((column) => column.name === name);
  const theirs = eventColumns(source).find((column) => column.name === name);
  if (JSON.stringify(own?.type) === JSON.stringify(theirs?.type)) return;
  const what = theirs === undefined ? 'has no such column' : `has one of type ${theirs.type.kind}`;
  throw wrong(
    contract,
    `has the column ${name}, and ${source.dataset} ${what}: name a column of it, or write code that folds`,
  );
}

function requireKind(contract: ProjectionContract, name: string, kinds: readonly string[]): void {
  const own = contract.columns.find((column) => column.name === name);
  if (own === undefined || kinds.includes(own.type.kind)) return;
  throw wrong(contract, `has the column ${name}, which counts events of that type: make it an integer`);
}

const wrong = ({ file, dataset }: ProjectionContract, what: string): ConfigError =>
  new ConfigError('PROJECTION_COLUMNS', `${file} ${what}.`, { context: { dataset } });

/** The last value of each column that an event has one for. */
const CURRENT_STATE = `export const initial = {};
export function apply(state, event) {
  const next = { ...state };
  for (const name of copied) if (event[name] !== null || !(name in next)) next[name] = event[name];
  return next;
}`;

/** A row for each stretch of time in which the values were the same; times don't go back. */
const SCD2 = `export const initial = [];
export function apply(state, event) {
  const last = state.at(-1);
  const values = {};
  for (const name of copied) values[name] = event[name] ?? last?.[name] ?? null;
  if (last !== undefined && copied.every((name) => last[name] === values[name])) return state;
  const at = event[names.at];
  const row = { ...values, valid_from: at, valid_to: null, is_current: true };
  if (last === undefined) return [row];
  const before = state.slice(0, -1);
  if (at <= last.valid_from) return [...before, { ...row, valid_from: last.valid_from }];
  return [...before, { ...last, valid_to: at, is_current: false }, row];
}
export const rows = (state) => state;`;

/** How many events, of which types, and when the first and the last was. A type is a column by its name in lower case. */
const COUNTER = `export const initial = { events: 0n, first_at: null, last_at: null };
export function apply(state, event) {
  const at = event[names.at];
  const next = { ...state, events: state.events + 1n };
  if (next.first_at === null || at < next.first_at) next.first_at = at;
  if (next.last_at === null || at > next.last_at) next.last_at = at;
  const type = event[names.type].toLowerCase().replace(/[^a-z0-9]+/g, '_');
  for (const name of counts) next[name] = (next[name] ?? 0n) + (name === type ? 1n : 0n);
  return next;
}`;
