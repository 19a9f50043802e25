import type { RegisteredSchema } from '../../../stream/registry/registry.ts';

/** Two versions of a schema, and whether each reads the other. */
export interface Pair {
  readonly format: RegisteredSchema['format'];
  readonly name: string;
  readonly older: string;
  readonly newer: string;
  /** The newer reads what the older wrote. */
  readonly backward: boolean;
  /** The older reads what the newer wrote. */
  readonly forward: boolean;
}

type Verdict = 'both' | 'backward' | 'forward' | 'neither';
type Row = readonly [name: string, older: unknown, newer: unknown, verdict: Verdict];

const pairsOf = (format: Pair['format'], rows: readonly Row[]): Pair[] =>
  rows.map(([name, older, newer, verdict]) => ({
    ...{ format, name, older: textOf(older), newer: textOf(newer) },
    backward: verdict === 'both' || verdict === 'backward',
    forward: verdict === 'both' || verdict === 'forward',
  }));
const textOf = (schema: unknown): string => (isText(schema) ? schema : JSON.stringify(schema));
const isText = (schema: unknown): schema is string =>
  typeof schema === 'string' && schema.startsWith('syntax');

const record = (...fields: readonly object[]) => ({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields,
});
const ID = { name: 'id', type: 'string' };

const AVRO: readonly Row[] = [
  ['a field without a default', record(ID), record(ID, { name: 'n', type: 'int' }), 'forward'],
  ['a field with a default', record(ID), record(ID, { name: 'n', type: 'int', default: 0 }), 'both'],
  ['an optional field', record(ID), record(ID, { name: 'n', type: ['null', 'int'], default: null }), 'both'],
  ['int to long', record({ name: 'n', type: 'int' }), record({ name: 'n', type: 'long' }), 'backward'],
  ['long to double', record({ name: 'n', type: 'long' }), record({ name: 'n', type: 'double' }), 'backward'],
  ['text to number', record(ID), record({ name: 'id', type: 'int' }), 'neither'],
  ['text to bytes', record(ID), record({ name: 'id', type: 'bytes' }), 'both'],
  ['a field that is renamed', record(ID), record({ name: 'key', type: 'string' }), 'neither'],
  [
    'a field that is renamed, with its old name as alias',
    record(ID),
    record({ name: 'key', type: 'string', aliases: ['id'] }),
    'backward',
  ],
  [
    'one more symbol of an enum',
    record({ name: 'e', type: { type: 'enum', name: 'E', symbols: ['A'] } }),
    record({ name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } }),
    'backward',
  ],
  [
    'one more symbol of an enum with a default',
    record({ name: 'e', type: { type: 'enum', name: 'E', symbols: ['A'], default: 'A' } }),
    record({ name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'], default: 'A' } }),
    'both',
  ],
  [
    'a wider union',
    record({ name: 'n', type: ['null', 'int'] }),
    record({ name: 'n', type: ['null', 'int', 'string'] }),
    'backward',
  ],
  [
    'a type that becomes a union',
    record({ name: 'n', type: 'int' }),
    record({ name: 'n', type: ['null', 'int'] }),
    'backward',
  ],
  [
    'a fixed of another size',
    record({ name: 'f', type: { type: 'fixed', name: 'F', size: 4 } }),
    record({ name: 'f', type: { type: 'fixed', name: 'F', size: 8 } }),
    'neither',
  ],
  [
    'items of a wider type',
    record({ name: 'l', type: { type: 'array', items: 'int' } }),
    record({ name: 'l', type: { type: 'array', items: 'long' } }),
    'backward',
  ],
  [
    'values of another type',
    record({ name: 'm', type: { type: 'map', values: 'int' } }),
    record({ name: 'm', type: { type: 'map', values: 'string' } }),
    'neither',
  ],
  ['another name of the record', record(ID), { ...record(ID), name: 'Other' }, 'neither'],
  [
    'a record that holds itself',
    record(ID, { name: 'next', type: ['null', 'shop.Order'], default: null }),
    record(
      ID,
      { name: 'next', type: ['null', 'shop.Order'], default: null },
      { name: 'n', type: 'int', default: 0 },
    ),
    'both',
  ],
];

const object = (properties: object, rest: object = {}) => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties,
  ...rest,
});
const CLOSED = { additionalProperties: false };
const TEXT = { id: { type: 'string' } };
const NUMBER = { n: { type: 'integer' } };

const JSON_SCHEMA: readonly Row[] = [
  [
    'an optional member of a closed object',
    object(TEXT, CLOSED),
    object({ ...TEXT, ...NUMBER }, CLOSED),
    'backward',
  ],
  ['an optional member of an open object', object(TEXT), object({ ...TEXT, ...NUMBER }), 'forward'],
  [
    'a required member',
    object(TEXT, CLOSED),
    object({ ...TEXT, ...NUMBER }, { ...CLOSED, required: ['n'] }),
    'neither',
  ],
  ['a member that becomes required', object(TEXT), object(TEXT, { required: ['id'] }), 'forward'],
  ['integer to number', object(NUMBER), object({ n: { type: 'number' } }), 'backward'],
  ['a text that becomes a number', object(TEXT), object({ id: { type: 'number' } }), 'neither'],
  ['one more type', object(TEXT), object({ id: { type: ['string', 'null'] } }), 'backward'],
  [
    'a higher minimum',
    object({ n: { type: 'integer', minimum: 1 } }),
    object({ n: { type: 'integer', minimum: 2 } }),
    'forward',
  ],
  ['a limit on length', object(TEXT), object({ id: { type: 'string', maxLength: 9 } }), 'forward'],
  [
    'another pattern',
    object({ id: { type: 'string', pattern: '^a' } }),
    object({ id: { type: 'string', pattern: '^b' } }),
    'neither',
  ],
  ['one more value', object({ id: { enum: ['a'] } }), object({ id: { enum: ['a', 'b'] } }), 'backward'],
  ['an object that is closed', object(TEXT), object(TEXT, CLOSED), 'forward'],
  [
    'a title and a description',
    object(TEXT),
    object(TEXT, { title: 'Order', description: 'An order.' }),
    'both',
  ],
  [
    'one more of what it may be',
    object({ id: { oneOf: [{ type: 'string' }] } }),
    object({ id: { oneOf: [{ type: 'string' }, { type: 'integer' }] } }),
    'backward',
  ],
  [
    'a definition with a limit',
    object({ id: { $ref: '#/definitions/id' } }, { definitions: { id: { type: 'string' } } }),
    object({ id: { $ref: '#/definitions/id' } }, { definitions: { id: { type: 'string', minLength: 1 } } }),
    'forward',
  ],
  [
    'items of a wider type',
    object({ l: { type: 'array', items: { type: 'integer' } } }),
    object({ l: { type: 'array', items: { type: 'number' } } }),
    'backward',
  ],
];

const proto = (body: string): string => `syntax = "proto3"; package shop; message Order { ${body} }`;
const PROTOBUF: readonly Row[] = [
  ['one more field', proto('string id = 1;'), proto('string id = 1; int32 n = 2;'), 'both'],
  ['another type', proto('string id = 1;'), proto('int32 id = 1;'), 'neither'],
  ['int32 to int64', proto('int32 n = 1;'), proto('int64 n = 1;'), 'both'],
  ['int32 to sint32', proto('int32 n = 1;'), proto('sint32 n = 1;'), 'neither'],
  ['int32 to fixed32', proto('int32 n = 1;'), proto('fixed32 n = 1;'), 'neither'],
  ['text to bytes', proto('string id = 1;'), proto('bytes id = 1;'), 'both'],
  ['another name of a field', proto('string id = 1;'), proto('string key = 1;'), 'both'],
  ['a number that becomes a list', proto('int32 n = 1;'), proto('repeated int32 n = 1;'), 'neither'],
  [
    'a message that goes',
    `${proto('string id = 1;')} message Line { string a = 1; }`,
    proto('string id = 1;'),
    'forward',
  ],
  [
    'a message of another type',
    proto('A a = 1; message A { string x = 1; }'),
    proto('B a = 1; message A { string x = 1; } message B { string x = 1; }'),
    'neither',
  ],
  [
    'a field that goes into a new oneof',
    proto('string id = 1;'),
    proto('oneof key { string id = 1; int32 n = 2; }'),
    'both',
  ],
  [
    'two fields that go into one oneof',
    proto('string id = 1; int32 n = 2;'),
    proto('oneof key { string id = 1; int32 n = 2; }'),
    'forward',
  ],
  [
    'a member of a oneof that goes',
    proto('oneof key { string id = 1; int32 n = 2; }'),
    proto('oneof key { string id = 1; }'),
    'forward',
  ],
  [
    'a field that becomes required',
    'syntax = "proto2"; package shop; message Order { optional string id = 1; }',
    'syntax = "proto2"; package shop; message Order { required string id = 1; }',
    'forward',
  ],
  [
    'a symbol of an enum',
    proto('E e = 1; enum E { A = 0; }'),
    proto('E e = 1; enum E { A = 0; B = 1; }'),
    'both',
  ],
];

/** Changes of schemas and what they break, written down from the documents of Avro, JSON Schema and Protobuf. */
export const PAIRS: readonly Pair[] = [
  ...pairsOf('avro', AVRO),
  ...pairsOf('json', JSON_SCHEMA),
  ...pairsOf('protobuf', PROTOBUF),
];
