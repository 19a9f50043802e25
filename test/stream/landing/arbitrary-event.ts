import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import type { Header, ObservedEvent, Partition } from '../../../stream/event.ts';

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((one) => Buffer.from(one));
const some = fc.oneof(text, bytes, fc.constant(null));

/** JSON as systems write it: with blanks and line ends, exact decimals, escapes. */
const json = fc
  .oneof(
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value, null, 2)),
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '{"amount": 0.1234567890123456789, "big": 9223372036854775807}',
      '{"a":1.10,"b":"\\u00e9\\n","c":[ 1 ,2 ]}\r\n',
      '{"deep":{"er":[[[{"x":null}]]]}}',
      ' 12.50 ',
      '"text"',
      '[]',
    ),
  )
  .map((one) => Buffer.from(one));

const notJson = fc.constantFrom(
  ...['', '{', '{"a":1,}', '\ufeff{"a":1}', 'NaN', "{'a':1}", '{"a":1}{"b":2}', 'order=1'].map((one) =>
    Buffer.from(one),
  ),
);

const header: fc.Arbitrary<Header> = fc.record({
  name: fc.oneof(fc.constantFrom('a', 'traceparent', '__proto__', 'é', ''), fc.string({ maxLength: 6 })),
  value: some,
});

/** Any event that a broker may give. */
export const arbitraryEvent: fc.Arbitrary<ObservedEvent> = fc.record({
  offset: fc.nat(2 ** 31 - 1).map((n) => n * 4194304),
  timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  key: some,
  headers: fc.array(header, { maxLength: 4 }),
  value: fc.oneof({ weight: 6, arbitrary: json }, notJson, bytes, fc.constant(null)),
});

export const PARTITION: Partition = { cluster: 'c1', topic: 'raw.orders', topicId: 'mZ5h2rUW', partition: 3 };
