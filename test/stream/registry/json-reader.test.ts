import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { compileSchema } from '../../../stream/registry/schema-reader.ts';
import { readWire } from '../../../stream/registry/wire-format.ts';

const FRAME = { isFramed: false };

async function read(schema: unknown, payload: string | Uint8Array) {
  const reader = await compileSchema({
    ...{ id: 'folder:a:1', subject: 'a', version: 1, format: 'json', compatibility: 'NONE' },
    text: typeof schema === 'string' ? schema : JSON.stringify(schema),
  });
  return reader.read(typeof payload === 'string' ? Buffer.from(payload) : payload, FRAME);
}

const ORDER = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://example.org/order',
  type: 'object',
  required: ['order_id', 'customer'],
  properties: {
    order_id: { type: 'string', minLength: 3 },
    customer: { $ref: '#/definitions/person' },
    total: { type: 'number', multipleOf: 0.01 },
    placed_at: { type: 'string', format: 'date-time' },
  },
  definitions: {
    person: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
  },
};

describe('JSON by its schema', () => {
  test('that is valid stays as it came, to the last digit', async () => {
    const text = '{"order_id": "o-1", "customer": {"id": 9007199254740993}, "total": 1234567.10}';
    expect(await read(ORDER, text)).toEqual({ kind: 'valid', json: text });
  });

  test('that is not says where by the schema, and never what', async () => {
    const text =
      '{"order_id": "x", "customer": {"mail": "ann@example.org"}, "total": 1.234, "placed_at": "soon"}';
    expect(await read(ORDER, text)).toEqual({
      kind: 'invalid',
      reasons: [
        'SCHEMA_INVALID:/order_id',
        'SCHEMA_INVALID:/id',
        'SCHEMA_INVALID:/total',
        'SCHEMA_INVALID:/placed_at',
      ],
    });
    const closed = { type: 'object', properties: {}, additionalProperties: false };
    expect(await read(closed, '{"ann@example.org": 1}')).toEqual({
      kind: 'invalid',
      reasons: ['SCHEMA_INVALID'],
    });
  });

  test.each([
    ['no JSON', '{"a":'],
    ['no text', new Uint8Array([0x22, 0xff, 0x22])],
    ['nothing', ''],
  ])('%s can not be decoded', async (_, payload) => {
    expect(await read(ORDER, payload)).toEqual({ kind: 'invalid', reasons: ['SCHEMA_UNDECODABLE'] });
  });

  test.each([
    ['http://json-schema.org/draft-06/schema#', { type: 'integer' }],
    ['http://json-schema.org/draft-07/schema#', { const: 7, contentEncoding: 'base64' }],
    ['https://json-schema.org/draft/2019-09/schema', { dependentRequired: { a: ['b'] } }],
    ['https://json-schema.org/draft/2020-12/schema', { prefixItems: [{ type: 'integer' }] }],
  ])('of %s is read', async ($schema, rest) => {
    expect(await read({ $schema, ...rest }, '7')).toMatchObject({ kind: 'valid' });
  });

  test.each([
    ['no JSON', '{'],
    ['no schema', { type: 'text' }],
    ['a schema that needs others', { $ref: 'https://example.org/other' }],
    ['a draft that nobody reads here', { $schema: 'http://json-schema.org/draft-04/schema#' }],
  ])('by %s can not be read', async (_, schema) => {
    await expect(read(schema, '7')).rejects.toMatchObject({ name: 'ConfigError', code: 'SCHEMA_UNUSABLE' });
  });

  test('the same id in two schemas is no conflict', async () => {
    const $id = 'https://example.org/same';
    expect(await read({ $id, type: 'integer' }, '7')).toMatchObject({ kind: 'valid' });
    expect(await read({ $id, type: 'string' }, '7')).toMatchObject({ kind: 'invalid' });
  });
});

describe('the header before a payload', () => {
  const uuid = 'b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63';
  const glue = (compression: number, body: Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from([3, compression]), Buffer.from(uuid.replaceAll('-', ''), 'hex'), body]);

  test("is Confluent's, Glue's, or none", () => {
    const body = Buffer.from('{"a":1}');
    const confluent = Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xfe]), body]);
    expect(readWire(confluent)).toEqual({ kind: 'confluent', schemaId: '4294967294', body });
    expect(readWire(glue(0, body))).toEqual({ kind: 'glue', schemaId: uuid, body });
    expect(readWire(glue(5, deflateSync(body)))).toEqual({ kind: 'glue', schemaId: uuid, body });
    for (const bare of [body, Buffer.from([0, 0, 1]), Buffer.from([3, 0]), new Uint8Array()])
      expect(readWire(bare)).toEqual({ kind: 'bare', body: bare });
  });

  test('of what does not unpack, or unpacks to gigabytes, is broken', () => {
    expect(readWire(glue(5, Buffer.from('no zlib')))).toEqual({ kind: 'broken', why: 'SCHEMA_COMPRESSION' });
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    expect(readWire(glue(5, bomb))).toEqual({ kind: 'broken', why: 'SCHEMA_COMPRESSION' });
  });
});
