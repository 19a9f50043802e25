import type { JsonValue } from '../../../etl/asking/stream-answer.ts';

/** A value within a state, and what it was before. */
export interface StateLine {
  /** `products[0].name`; empty where the whole state is one value. */
  readonly path: string;
  /** Undefined where it is gone. */
  readonly now: string | undefined;
  /** Undefined where it was not there. */
  readonly before: string | undefined;
}

/** Every value of a state by its path, in its order, with those that are gone at the end. */
export function stateLines(now: JsonValue, before: JsonValue): StateLine[] {
  const [after, earlier] = [new Map(valuesIn(now, '')), new Map(valuesIn(before, ''))];
  const gone = [...earlier.keys()].filter((path) => !after.has(path));
  return [...after.keys(), ...gone].map((path) => ({
    path,
    now: after.get(path),
    before: earlier.get(path),
  }));
}

/** Whether an event changed a value of the state. */
export const isChanged = ({ now, before }: StateLine): boolean => now !== before;

function valuesIn(value: JsonValue, path: string): [string, string][] {
  if (value === null || typeof value !== 'object')
    return value === null && path === '' ? [] : [[path, textOf(value)]];
  const inner = Array.isArray(value)
    ? value.map((one: JsonValue, n): [string, JsonValue] => [`${path}[${n}]`, one])
    : Object.entries(value).map(([name, one]): [string, JsonValue] => [
        path === '' ? name : `${path}.${name}`,
        one,
      ]);
  if (inner.length === 0) return path === '' ? [] : [[path, 'none']];
  return inner.flatMap(([name, one]) => valuesIn(one, name));
}

const textOf = (value: JsonValue): string =>
  value === null ? '—' : typeof value === 'string' ? value : JSON.stringify(value);
