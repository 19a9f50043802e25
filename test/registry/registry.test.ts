import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { confluentRegistry } from '../../adapters/http/confluent-registry.ts';
import { compileSchema } from '../../stream/registry/schema-reader.ts';
import { readWire } from '../../stream/registry/wire-format.ts';
import { PAIRS, type Pair } from '../stream/compatibility/pairs.ts';

const url = new URL(process.env.ASSAY_TEST_REGISTRY ?? '');
const Line = z.object({
  name: z.string(),
  subject: z.string(),
  payload: z.base64(),
  says: z.record(z.string(), z.unknown()),
});
const LINES = readFileSync(process.env.ASSAY_TEST_PAYLOADS ?? '', 'utf8')
  .trim()
  .split('\n')
  .map((line) => Line.parse(JSON.parse(line)));

describe("what Confluent's serializers wrote, by the schemas that they registered", () => {
  const registry = confluentRegistry({ url });

  test('is there in all formats', () => {
    expect(LINES.length).toBe(8);
  });

  test.each(LINES)('$name says what they meant', async ({ subject, payload, says }) => {
    const wire = readWire(Buffer.from(payload, 'base64'));
    if (wire.kind !== 'confluent') throw new Error(`the payload is ${wire.kind}`);
    const schema = await registry.schema(wire.schemaId, subject);
    expect(schema).toMatchObject({ id: `confluent:${subject}:1`, subject, version: 1 });
    if (schema === undefined) return;
    expect(await registry.schema(schema.id)).toEqual(schema);
    expect(await registry.latest(subject)).toEqual(schema);
    const read = (await compileSchema(schema)).read(wire.body, { isFramed: true });
    expect(read.kind).toBe('valid');
    // Longs of Avro are exact numbers, which JSON of JavaScript would round.
    if (read.kind === 'valid') expect(JSON.parse(read.json.replace(/:(\d{16,})/g, ':"$1"'))).toEqual(says);
  });

  test('an id, a subject and a version that are not there are unknown', async () => {
    expect(await registry.schema('999999')).toBeUndefined();
    expect(await registry.schema('confluent:avro.orders-value:9')).toBeUndefined();
    expect(await registry.schema('confluent:none:1')).toBeUndefined();
    expect(await registry.latest('none')).toBeUndefined();
  });

  test('the mode of a subject is what the registry says', async () => {
    await send('PUT', 'config/avro.orders-value', { compatibility: 'FORWARD_TRANSITIVE' });
    expect(await registry.latest('avro.orders-value')).toMatchObject({ compatibility: 'FORWARD_TRANSITIVE' });
  });
});

async function send(method: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${url}/${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

const Compatible = z.object({ is_compatible: z.boolean() });
let subjects = 0;

/** What the registry says of a newer version by a mode. */
async function registrySays({ format, older, newer }: Pair, mode: 'BACKWARD' | 'FORWARD'): Promise<boolean> {
  subjects++;
  const subject = `pair-${subjects}`;
  const schemaType = format.toUpperCase();
  await send('POST', `subjects/${subject}/versions`, { schema: older, schemaType });
  await send('PUT', `config/${subject}`, { compatibility: mode });
  const said = await send('POST', `compatibility/subjects/${subject}/versions/latest`, {
    schema: newer,
    schemaType,
  });
  return Compatible.parse(said).is_compatible;
}

type Verdicts = Readonly<Record<'backward' | 'forward', boolean>>;

const NEITHER = { backward: false, forward: false };
const BACKWARD = { backward: true, forward: false };

/**
 * Where the registry says something else than we do. Its rules for Protobuf are of a style of writing schemas: a field is
 * reserved before it goes, and keeps its name and its type to the letter. Ours are what Protobuf says of reading
 * (https://protobuf.dev/programming-guides/proto3/#updating).
 */
const OTHERWISE: Readonly<Record<string, Verdicts>> = {
  'protobuf: one more field': BACKWARD,
  'protobuf: int32 to int64': NEITHER,
  'protobuf: text to bytes': NEITHER,
  'protobuf: another name of a field': NEITHER,
  'protobuf: a field that goes into a new oneof': BACKWARD,
  // Both could be set before, and one of them is lost.
  'protobuf: two fields that go into one oneof': { backward: true, forward: true },
  'protobuf: a field that becomes required': NEITHER,
  'protobuf: a symbol of an enum': BACKWARD,
};

describe('which versions may follow one another, as the registry says', () => {
  test.each(PAIRS)('$format: $name', async (pair) => {
    const said = {
      backward: await registrySays(pair, 'BACKWARD'),
      forward: await registrySays(pair, 'FORWARD'),
    };
    const { backward, forward } = pair;
    expect(said).toEqual(OTHERWISE[`${pair.format}: ${pair.name}`] ?? { backward, forward });
  });
});
