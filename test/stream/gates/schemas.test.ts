import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import avro from 'avsc';
import { TransientError } from '../../../etl/errors.ts';
import { compatibilityGate } from '../../../stream/gates/compatibility.ts';
import { decodingGate } from '../../../stream/gates/decoding.ts';
import { schemaGate } from '../../../stream/gates/schema.ts';
import type { DatasetPolicy } from '../../../stream/policy/dataset-policy.ts';
import { readySchemas } from '../../../stream/registry/ready-schemas.ts';
import type {
  CompatibilityMode,
  RegisteredSchema,
  SchemaRegistry,
} from '../../../stream/registry/registry.ts';
import { event, type Judging, ORDERS_CONTRACT, openJudging, order, policy, policySet } from './judging.ts';

const data = (...more: readonly object[]) => ({
  type: 'record',
  name: 'Data',
  fields: [
    { name: 'order_id', type: 'string' },
    { name: 'customer_id', type: ['null', 'string'] },
    { name: 'currency', type: 'string' },
    { name: 'total', type: 'double' },
    ...more,
  ],
});
/** The order as a CloudEvent in Avro, whose data may have more members. */
const created = (...more: readonly object[]) => ({
  type: 'record',
  name: 'Created',
  fields: [
    ...['specversion', 'id', 'source', 'type', 'time'].map((name) => ({ name, type: 'string' })),
    { name: 'data', type: data(...more) },
  ],
});
const ORDER_JSON = {
  type: 'object',
  required: ['order_id'],
  properties: { order_id: { type: 'string' }, channel: { enum: ['web', 'shop'] } },
};

let schemas: Map<string, RegisteredSchema>;
let isDown: boolean;
const registry: SchemaRegistry = {
  async schema(id) {
    if (isDown) throw new TransientError('SCHEMA_REGISTRY_UNAVAILABLE', 'down');
    return schemas.get(id) ?? [...schemas.values()].find((one) => one.id === id);
  },
  async latest(subject) {
    if (isDown) throw new TransientError('SCHEMA_REGISTRY_UNAVAILABLE', 'down');
    const all = [...schemas.values()].filter((one) => one.subject === subject);
    return all.sort((a, b) => b.version - a.version)[0];
  },
};

/** Registers the next version of a subject under a number. */
function register(
  number: number,
  schema: unknown,
  { format = 'avro', subject = 'orders', compatibility = 'NONE' }: Partial<RegisteredSchema> = {},
): void {
  const version = [...schemas.values()].filter((one) => one.subject === subject).length + 1;
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  const id = `confluent:${subject}:${version}`;
  schemas.set(String(number), { id, subject, version, format, text, compatibility });
}

let judging: Judging;
beforeAll(async () => {
  const ready = readySchemas(registry);
  judging = await openJudging(
    { 'orders/created.yaml': ORDERS_CONTRACT },
    { decoding: [decodingGate(ready)], schemas: [schemaGate(ready), compatibilityGate(ready)] },
  );
});
afterAll(() => judging.close());
beforeEach(() => {
  schemas = new Map();
  isDown = false;
});

const framed = (number: number, body: Uint8Array): Buffer => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(number, 1);
  return Buffer.concat([header, body]);
};
const RIGHT = JSON.parse(order().toString('utf8'));

/** The order in Avro, by a schema. */
const avroOrder = (number: number, schema: object, more: object = {}): Buffer =>
  framed(
    number,
    avro.Type.forSchema(schema as avro.Schema).toBuffer({ ...RIGHT, data: { ...RIGHT.data, ...more } }),
  );

async function judge(payload: Uint8Array, more: Partial<DatasetPolicy> = {}) {
  const [state] = await judging.judge([event(payload)], policySet([policy(more)]));
  if (state === undefined) throw new Error('the event is gone');
  const faults = state.faults.map(({ gate, reason }) => `${gate} ${reason}`);
  return { faults, schemaId: state.schemaId, fingerprint: state.schemaFingerprint, payload: state.payload };
}

describe('a payload whose header names its schema', () => {
  test('passes as JSON would, and evidence knows by which schema', async () => {
    register(7, created());
    expect(await judge(avroOrder(7, created()))).toMatchObject({
      faults: [],
      schemaId: 'confluent:orders:1',
      fingerprint: expect.stringMatching(/^sha256:/),
      payload: { kind: 'json', value: { data: { order_id: 'o-1', customer_id: 'c-1', total: 1.5 } } },
    });
  });

  test('fails its contract as JSON would', async () => {
    register(7, created());
    const without = await judge(avroOrder(7, created(), { customer_id: null }));
    expect(without.faults).toEqual(['CONTRACT NULL_VALUE:customer_id']);
  });

  test('that is none of that schema, of an unknown one or of one that is wrong fails SCHEMA', async () => {
    register(7, created());
    register(8, { type: 'record' }, { subject: 'broken' });
    const [cut] = [avroOrder(7, created()).subarray(0, 30)];
    expect((await judge(cut)).faults).toEqual(['SCHEMA SCHEMA_UNDECODABLE', 'ENVELOPE PAYLOAD_UNREADABLE']);
    expect((await judge(framed(9, Buffer.from('x')))).faults).toContain('SCHEMA SCHEMA_UNKNOWN');
    expect((await judge(framed(8, Buffer.from('x')))).faults).toContain('SCHEMA SCHEMA_UNUSABLE');
    isDown = true;
    expect((await judge(avroOrder(7, created()))).faults).toContain('SCHEMA SCHEMA_REGISTRY_UNAVAILABLE');
  });

  test('of JSON is judged by its contract, whatever becomes of its schema', async () => {
    register(7, { required: ['invoice'] }, { format: 'json' });
    const payload = framed(7, order({ customer_id: null }));
    expect((await judge(payload)).faults).toEqual([
      'SCHEMA SCHEMA_INVALID:/invoice',
      'CONTRACT NULL_VALUE:customer_id',
    ]);
    isDown = true;
    expect((await judge(payload)).faults).toEqual([
      'SCHEMA SCHEMA_REGISTRY_UNAVAILABLE',
      'CONTRACT NULL_VALUE:customer_id',
    ]);
  });
});

describe('JSON without a header', () => {
  const schema_id = 'confluent:orders:1';

  test("is judged by the policy's schema, a CloudEvent's data alone", async () => {
    register(7, ORDER_JSON, { format: 'json' });
    expect(await judge(order(), { schema_id })).toMatchObject({ faults: [], schemaId: schema_id });
    expect((await judge(order({ channel: 'fax' }), { schema_id })).faults).toEqual([
      'SCHEMA SCHEMA_INVALID:/channel',
    ]);
    expect((await judge(order({ channel: 'fax' }))).faults).toEqual([]);
  });

  test('whose policy names a schema that is not there, or none of JSON, says so', async () => {
    register(7, created());
    expect((await judge(order(), { schema_id })).faults).toEqual(['SCHEMA SCHEMA_NOT_JSON']);
    expect((await judge(order(), { schema_id: 'confluent:orders:9' })).faults).toEqual([
      'SCHEMA SCHEMA_UNKNOWN',
    ]);
  });
});

describe('COMPATIBILITY', () => {
  const NEEDED = { name: 'note', type: 'string' };
  const OPTIONAL = { name: 'note', type: ['null', 'string'], default: null };

  const modes = async (older: object, newer: object, writer: 7 | 8): Promise<Record<string, string[]>> => {
    register(7, older);
    register(8, newer);
    const found: Record<string, string[]> = {};
    for (const mode of ['NONE', 'BACKWARD', 'FORWARD', 'FULL'] satisfies CompatibilityMode[])
      found[mode] = (
        await judge(avroOrder(writer, writer === 7 ? older : newer, { note: 'n' }), { compatibility: mode })
      ).faults;
    return found;
  };

  test("a writer's schema that the newest can't read fails by the modes that promise it", async () => {
    expect(await modes(created(), created(NEEDED), 7)).toEqual({
      NONE: [],
      BACKWARD: ['COMPATIBILITY SCHEMA_INCOMPATIBLE:BACKWARD'],
      FORWARD: [],
      FULL: ['COMPATIBILITY SCHEMA_INCOMPATIBLE:FULL'],
    });
  });

  test('several versions may be side by side where they may follow one another', async () => {
    expect(await modes(created(), created(OPTIONAL), 7)).toEqual({
      NONE: [],
      BACKWARD: [],
      FORWARD: [],
      FULL: [],
    });
  });

  test('a writer that is ahead of the version that the policy names is judged by the same promise', async () => {
    register(7, created(NEEDED));
    register(8, created());
    const ahead = avroOrder(8, created());
    const schema_id = 'confluent:orders:1';
    expect((await judge(ahead, { schema_id, compatibility: 'FORWARD' })).faults).toEqual([
      'COMPATIBILITY SCHEMA_INCOMPATIBLE:FORWARD',
    ]);
    expect((await judge(ahead, { schema_id, compatibility: 'BACKWARD' })).faults).toEqual([]);
  });

  test('a mode that is not transitive compares each step, a transitive one the two', async () => {
    // The first step renames by an alias, the second takes the alias away.
    const renamed = { name: 'remark', type: 'string', aliases: ['note'] };
    register(7, created(NEEDED));
    register(8, created(renamed));
    register(9, created({ name: 'remark', type: 'string' }));
    const first = avroOrder(7, created(NEEDED), { note: 'n' });
    expect((await judge(first, { compatibility: 'BACKWARD' })).faults).toEqual([]);
    expect((await judge(first, { compatibility: 'BACKWARD_TRANSITIVE' })).faults).toEqual([
      'COMPATIBILITY SCHEMA_INCOMPATIBLE:BACKWARD_TRANSITIVE',
    ]);
  });

  test("the registry's mode holds where the policy has none, and another subject's schema is none of the dataset's", async () => {
    register(7, created(), { compatibility: 'BACKWARD' });
    register(8, created(NEEDED), { compatibility: 'BACKWARD' });
    register(9, created(OPTIONAL), { subject: 'payments' });
    expect((await judge(avroOrder(7, created()))).faults).toEqual([
      'COMPATIBILITY SCHEMA_INCOMPATIBLE:BACKWARD',
    ]);
    const other = avroOrder(9, created(OPTIONAL), { note: null });
    expect((await judge(other, { schema_id: 'confluent:orders:1' })).faults).toEqual([
      'COMPATIBILITY SCHEMA_SUBJECT',
    ]);
  });
});
