import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { canReadJson } from '../../../stream/compatibility/json.ts';
import type { RegisteredSchema } from '../../../stream/registry/registry.ts';
import { casesOf } from '../../support/cases.ts';

const registered = (schema: unknown): RegisteredSchema => ({
  ...{ id: 'folder:a:1', subject: 'a', version: 1, format: 'json', compatibility: 'NONE' },
  text: JSON.stringify(schema),
});

const NAMES = ['a', 'b', 'c'];
const small = fc.integer({ min: 0, max: 3 });
const values = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 'x', 'xy', 'xyz'),
  fc.integer({ min: -2, max: 4 }),
  fc.constantFrom(0.5, 1.5),
);

/** Few words, so that schemas and values meet often. */
const { schema, value } = fc.letrec<{ schema: unknown; value: unknown }>((tie) => {
  const inner = tie('schema');
  const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
  const members = fc.dictionary(fc.constantFrom(...NAMES), inner, { maxKeys: 3 });
  const object = fc.record({
    type: fc.constantFrom('object', ['object', 'null']),
    properties: some(members),
    required: some(fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 })),
    additionalProperties: some(fc.oneof(fc.boolean(), inner)),
    patternProperties: some(fc.constantFrom({ '^a': { type: 'string' } }, { b: false })),
    minProperties: some(small),
  });
  const array = fc.record({
    type: fc.constant('array'),
    items: some(inner),
    prefixItems: some(fc.array(inner, { minLength: 1, maxLength: 2 })),
    minItems: some(small),
    maxItems: some(small),
    uniqueItems: some(fc.boolean()),
    contains: some(fc.constantFrom<unknown>({ type: 'integer' }, true)),
    minContains: some(small),
  });
  const number = fc.record({
    type: fc.constantFrom('number', 'integer'),
    minimum: some(small),
    exclusiveMinimum: some(small),
    maximum: some(small),
    exclusiveMaximum: some(small),
    multipleOf: some(fc.constantFrom(1, 2, 0.5)),
  });
  const text = fc.record({
    type: fc.constantFrom('string', ['string', 'null']),
    minLength: some(small),
    maxLength: some(small),
    pattern: some(fc.constantFrom('^x', 'y$')),
  });
  const listed = fc.oneof(
    fc.record({ enum: fc.array(values, { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: values }),
    fc.record({ type: fc.constant('integer'), enum: fc.array(values, { minLength: 1, maxLength: 3 }) }),
  );
  const branches = fc.array(inner, { minLength: 1, maxLength: 2 });
  const combined = fc.oneof(
    fc.record({ anyOf: branches, type: some(fc.constantFrom('string', 'object')) }),
    fc.record({ oneOf: branches }),
    fc.record({ allOf: branches, minLength: some(small), properties: some(members) }),
    fc.record({ not: inner }),
    fc
      .tuple(inner, inner)
      .map((both) => Object.fromEntries(['if', 'then'].map((name, n) => [name, both[n]]))),
    fc.record({ $ref: fc.constantFrom('#/$defs/one', '#/$defs/none', '#'), minLength: some(small) }),
  );
  return {
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.boolean(),
      number,
      text,
      listed,
      object,
      array,
      combined,
    ),
    value: fc.oneof(
      { depthSize: 'small' },
      values,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...NAMES, 'd'), tie('value'), { maxKeys: 3 }),
    ),
  };
});

/** A schema with something that references lead to. */
const root = fc
  .tuple(schema, schema)
  .map(([one, other]) =>
    typeof one === 'object' && one !== null
      ? JSON.parse(JSON.stringify({ ...one, $defs: { one: other } }))
      : one,
  );

/** A schema and one that differs from it a little, or not at all. */
const pair = fc.oneof(
  fc.tuple(root, root),
  fc.tuple(root, schema).map(([one, other]) => [one, { anyOf: [one, other] }]),
  fc
    .tuple(root, fc.constantFrom('minimum', 'required', 'additionalProperties', 'pattern', 'enum', 'items'))
    .map(([one, name]) => {
      const { [name]: _, ...less } = typeof one === 'object' ? one : {};
      return [one, less];
    }),
);

/** A validator; undefined where the schema is none. */
function validator(of: unknown): ((value: unknown) => boolean) | undefined {
  try {
    return new Ajv2020({ strict: false, logger: false }).compile(of as object);
  } catch {
    return undefined;
  }
}

/** What a validator says; undefined of a schema that is nothing but itself, which ends in no verdict. */
function verdict(validate: (value: unknown) => boolean, value: unknown): boolean | undefined {
  try {
    return validate(value);
  } catch {
    return undefined;
  }
}

test('whatever is valid by the writer is valid by a reader that is said to read it', () => {
  let [compatible, both] = [0, 0];
  fc.assert(
    fc.property(pair, fc.array(value, { minLength: 12, maxLength: 12 }), ([writer, reader], written) => {
      const [writes, reads] = [validator(writer), validator(reader)];
      if (writes === undefined || reads === undefined) return;
      if (canReadJson(registered(reader), registered(writer)).length > 0) return;
      compatible++;
      for (const one of written) {
        const [isWritten, isRead] = [verdict(writes, one), verdict(reads, one)];
        if (isWritten !== true || isRead === undefined) continue;
        both++;
        expect([writer, reader, one, isRead]).toEqual([writer, reader, one, true]);
      }
    }),
    { numRuns: casesOf(400) },
  );
  // What follows from nothing proves nothing.
  expect(compatible).toBeGreaterThan(100);
  expect(both).toBeGreaterThan(300);
});
