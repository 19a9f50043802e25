import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { SchemaReader } from '../../../stream/registry/read-by-schema.ts';
import { compileSchema } from '../../../stream/registry/schema-reader.ts';

/** Payloads that fastavro and Google's protobuf wrote, and what these read of them: see make-cases.py. */
const CASES = z
  .array(
    z.object({
      name: z.string(),
      format: z.enum(['avro', 'protobuf']),
      text: z.string(),
      isFramed: z.boolean(),
      payload: z.base64(),
      json: z.string(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8')));

const reader = (format: 'avro' | 'protobuf', text: string): Promise<SchemaReader> =>
  compileSchema({ id: 'folder:a:1', subject: 'a', version: 1, format, text, compatibility: 'NONE' });

/** JSON with its numbers as they are written, and its members in order. */
function exactly(given: string): unknown {
  // One writes a moment with as many digits as its unit has, the other with as many as it has itself.
  const json = given.replaceAll(/(:\d\d[.]\d*?)0+(?=Z?")/g, '$1');
  const numbers = /("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
  return JSON.parse(
    json.replaceAll(numbers, (_, text: string | undefined, number: string) => text ?? `"#${plain(number)}"`),
  );
}

/** Integers and decimals as they are; what has an exponent as the double that it is. */
const plain = (number: string): string => (/[eE]/.test(number) ? String(Number(number)) : number);

describe('what others wrote is read as they read it', () => {
  test.each(CASES)('$format: $name', async ({ format, text, isFramed, payload, json }) => {
    const read = (await reader(format, text)).read(Buffer.from(payload, 'base64'), { isFramed });
    expect(read.kind).toBe('valid');
    if (read.kind !== 'valid') return;
    const [own, theirs] =
      format === 'avro'
        ? [exactly(read.json), exactly(json)]
        : [read.json, json].map((one) => JSON.parse(one));
    expect(own).toEqual(theirs);
  });

  test('each payload that is cut short, or has something behind it, is refused; none throws', async () => {
    let refused = 0;
    for (const { format, text, isFramed, payload } of CASES.filter((_, n) => n % 5 === 0)) {
      const one = await reader(format, text);
      const bytes = Buffer.from(payload, 'base64');
      for (let end = 0; end < bytes.length; end++)
        if (one.read(bytes.subarray(0, end), { isFramed }).kind === 'invalid') refused++;
        else expect(format).toBe('protobuf');
      if (format === 'avro')
        expect(one.read(Buffer.concat([bytes, Buffer.from([0])]), { isFramed }).kind).toBe('invalid');
    }
    expect(refused).toBeGreaterThan(100);
  });
});

test.each([
  ['a list of nothings', { type: 'array', items: 'null' }],
  ['a map of records without fields', { type: 'map', values: { type: 'record', name: 'R', fields: [] } }],
])('%s is no schema: a few bytes would be a billion items', async (_, schema) => {
  await expect(reader('avro', JSON.stringify(schema))).rejects.toMatchObject({ code: 'SCHEMA_UNUSABLE' });
});

test.each([
  ['avro', 'no JSON', '{'],
  [
    'avro',
    'a name that is nowhere defined',
    '{"type":"record","name":"A","fields":[{"name":"a","type":"B"}]}',
  ],
  ['protobuf', 'no schema', 'message {'],
  ['protobuf', 'no message', 'syntax = "proto3"; enum E { A = 0; }'],
  ['protobuf', 'another file', 'syntax = "proto3"; import "other.proto"; message A { Other o = 1; }'],
] as const)('%s: %s is unusable', async (format, _, text) => {
  await expect(reader(format, text)).rejects.toMatchObject({ code: 'SCHEMA_UNUSABLE' });
});
