import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { textAtPlace, withTextAt } from '../../../stream/redrive/json-place.ts';

type Steps = readonly string[];

/** Every place of a value, by the names that lead there. */
function placesOf(value: unknown, steps: Steps = []): Steps[] {
  const inside =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, one]) => placesOf(one, [...steps, name]))
      : [];
  return [steps, ...inside];
}

const valueAt = (value: unknown, steps: Steps): unknown =>
  steps.reduce<unknown>((one, step) => (one as Record<string, unknown>)[step], value);

function changed(value: unknown, [step, ...rest]: Steps, to: unknown): unknown {
  if (step === undefined) return to;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  (copy as Record<string, unknown>)[step] = changed((value as Record<string, unknown>)[step], rest, to);
  return copy;
}

const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

test('a value is found and changed at its place alone, as JSON.parse reads it', () => {
  fc.assert(
    fc.property(
      json,
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom(undefined, 1, '\t\r'),
      (value, to, nth, space) => {
        const text = JSON.stringify(value, null, space);
        const places = placesOf(JSON.parse(text));
        const steps = places[nth % places.length] ?? [];
        const there = textAtPlace(text, steps) ?? '';
        expect(JSON.parse(there)).toEqual(valueAt(JSON.parse(text), steps));
        const next = withTextAt(text, steps, JSON.stringify(to)) ?? '';
        expect(JSON.parse(next)).toEqual(changed(JSON.parse(text), steps, JSON.parse(JSON.stringify(to))));
        // What stood there put back gives the same text: nothing else was touched.
        expect(withTextAt(next, steps, there)).toBe(text);
      },
    ),
  );
});

test('what an object lacks is added to it, with the objects around it', () => {
  expect(withTextAt('{"a":1.0}', ['b'], '2')).toBe('{"a":1.0,"b":2}');
  expect(withTextAt('{ }', ['b', 'c'], '"x"')).toBe('{ "b":{"c":"x"}}');
  expect(withTextAt('{"a":[]}', ['a', '0'], '1')).toBeUndefined();
  expect(withTextAt('7', ['a'], '1')).toBeUndefined();
});
