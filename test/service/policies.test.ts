import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TransientError } from '../../etl/errors.ts';
import { documentsPolicyStore } from '../../stream/policy/documents-policy-store.ts';
import type { RegisteredSchema, SchemaRegistry } from '../../stream/registry/registry.ts';
import { type OrdersLake, openOrders, ordersContract } from '../stream/orders.ts';
import type { AskedService } from './asked-service.ts';
import { type Opening, openService } from './open-service.ts';

const URN = 'urn:dp:orders:created';
const AT = `/v1/datasets/${URN}/policy`;
const RULES = `/v1/datasets/${URN}/resolution`;

/** The policy of the reference design's section 6.2, but for a schema. */
const POLICY = {
  dataset_urn: URN,
  contract_id: 'dc:orders.created:3',
  enforcement_mode: 'QUARANTINE_ON_FAIL',
  pii_policy: 'BLOCK',
  owners: ['orders-team'],
  tier: 'TIER_1',
  freshness_slo_sec: 120,
  volume_rpm_expected: 1000,
};
const RULE = {
  source_type: 'TOPIC',
  source_value: 'raw.orders.events',
  dataset_urn: URN,
  resolution_confidence: 'HIGH',
  extraction_rule: 'event_type=orders.created',
};

const known: RegisteredSchema = {
  ...{ id: 'glue:orders.created:17', subject: 'orders.created', version: 17, format: 'json' },
  ...{ text: '{}', compatibility: 'BACKWARD' },
};
const schemas: SchemaRegistry = {
  schema: async (id) => (id === known.id ? known : undefined),
  latest: async () => known,
};

let lake: OrdersLake;
beforeAll(async () => {
  lake = await openOrders();
  await lake.contract('orders.paid', ordersContract().replaceAll('created', 'paid'));
});
afterAll(() => lake.dispose());

const open = (opening: Opening = {}): Promise<AskedService> => openService(lake.folder, opening);
const put = (service: AskedService, at: string, body: unknown, headers: Record<string, string> = {}) =>
  service.ask(at, {
    method: 'PUT',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
const codeOf = async (answer: Response): Promise<[number, unknown]> => {
  const { code } = (await answer.json()) as { code: unknown };
  return [answer.status, code];
};

describe('a policy that is put', () => {
  test('is made (201), is there (200), stays the same (200), and changes as a new version', async () => {
    const service = await open();
    expect(await codeOf(await service.ask(AT))).toEqual([404, 'NO_POLICY']);
    const made = await put(service, `${AT}?reason=first`, POLICY);
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({ version: 1, changed_by: 'ann', policy: POLICY });
    const read = await service.ask(AT);
    expect([read.status, read.headers.get('etag')]).toEqual([200, made.headers.get('etag')]);
    const again = await put(service, AT, POLICY);
    expect([again.status, again.headers.get('etag')]).toEqual([200, made.headers.get('etag')]);
    const changed = await put(service, AT, { ...POLICY, enforcement_mode: 'ALERT_ONLY' });
    expect([changed.status, await changed.json()]).toEqual([200, expect.objectContaining({ version: 2 })]);
    expect(changed.headers.get('etag')).not.toBe(made.headers.get('etag'));
    const decisions = await service.json('/v1/decisions?kind=policy-set');
    expect(decisions).toMatchObject({
      decisions: [
        { by: 'ann', dataset: 'orders.created', reason: 'set by the API', details: { was: POLICY } },
        { by: 'ann', reason: 'first', details: { was: null, now: POLICY } },
      ],
    });
    const history = await documentsPolicyStore(lake.effects.objects).history('policy/orders.created');
    expect(history.map(({ version, reason }) => [version, reason])).toEqual([
      [2, 'set by the API'],
      [1, 'first'],
    ]);
  });

  test('with an If-Match header takes only the place of what was looked at', async () => {
    const service = await open();
    await put(service, AT, POLICY);
    const looked = (await service.ask(AT)).headers.get('etag') ?? '';
    const other = await put(service, AT, { ...POLICY, tier: 'TIER_2' }, { 'if-match': looked });
    expect(other.status).toBe(200);
    const late = await put(service, AT, { ...POLICY, tier: 'TIER_3' }, { 'if-match': looked });
    expect(await codeOf(late)).toEqual([412, 'CHANGED']);
    expect(await service.json(AT)).toMatchObject({ policy: { tier: 'TIER_2' } });
    const onNothing = await put(
      service,
      '/v1/datasets/urn:dp:orders:paid/policy',
      { ...POLICY, dataset_urn: 'urn:dp:orders:paid', contract_id: 'dc:orders.paid:3' },
      { 'if-match': looked },
    );
    expect(await codeOf(onNothing)).toEqual([412, 'CHANGED']);
  });

  test.each([
    ['no JSON', '{'],
    ['not an object', []],
    ['no contract', { ...POLICY, contract_id: undefined }],
    ['a contract in another form', { ...POLICY, contract_id: 'orders.created' }],
    ['an unknown mode', { ...POLICY, enforcement_mode: 'BLOCK' }],
    ['an unknown member', { ...POLICY, enforcement_mod: 'ALERT_ONLY' }],
    ['no owner', { ...POLICY, owners: [] }],
    ['a time of day that is none', { ...POLICY, expected_traffic: [{ from: '8:00', to: '24:00' }] }],
    ['a fraction of a second', { ...POLICY, freshness_slo_sec: 0.5 }],
    ['a producer who is both', { ...POLICY, producers: [{ principal: 'a', topic: 'b', producer_id: 'c' }] }],
    ['a topic that Kafka refuses', { ...POLICY, republish_topic: 'a b' }],
  ])('that is malformed is a 400: %s', async (_, body) => {
    const service = await open();
    expect(await codeOf(await put(service, AT, body))).toEqual([400, 'REQUEST']);
  });

  test.each([
    ['an unknown contract', { contract_id: 'dc:orders.created:4' }, 'major version 4'],
    ["another dataset's contract", { contract_id: 'dc:orders.paid:3' }, 'is the contract of orders.paid'],
    ["another dataset's URN", { dataset_urn: 'urn:dp:orders:paid' }, 'the address names'],
    ['an unknown schema', { schema_id: 'glue:orders.created:99' }, 'knows no such schema'],
    ['republishing to nowhere', { enforcement_mode: 'REPUBLISH_PASS_ONLY' }, 'needs a republish_topic'],
    [
      'one principal as two producers',
      {
        producers: [
          { principal: 'User:a', producer_id: 'x' },
          { principal: 'User:a', producer_id: 'y' },
        ],
      },
      'x and y at once',
    ],
  ])('that makes no sense is a 422: %s', async (_, part, why) => {
    const service = await open({ schemas });
    const answer = await put(service, AT, { ...POLICY, ...part });
    const problem = (await answer.json()) as { status: number; code: string; detail: string };
    expect([problem.status, problem.code]).toEqual([422, 'POLICY_WRONG']);
    expect(problem.detail).toContain(why);
  });

  test('may name a schema that the registry has; without a registry none', async () => {
    const body = { ...POLICY, schema_id: known.id };
    expect((await put(await open({ schemas }), AT, body)).status).toBe(200);
    expect(await codeOf(await put(await open(), AT, body))).toEqual([422, 'POLICY_WRONG']);
    const down: SchemaRegistry = {
      ...schemas,
      schema: async () => {
        throw new TransientError('SCHEMA_REGISTRY_UNAVAILABLE', 'down');
      },
    };
    const unheard = await put(await open({ schemas: down }), AT, body);
    expect(await codeOf(unheard)).toEqual([503, 'SCHEMA_REGISTRY_UNAVAILABLE']);
  });

  test('never allows personal data beside protected values', async () => {
    await lake.contract(
      'shop.customers',
      await readFile('examples/shop/contracts/shop/customers.yaml', 'utf8'),
    );
    const urn = 'urn:dp:shop:customers';
    const policy = { ...POLICY, dataset_urn: urn, contract_id: 'dc:shop.customers:1' };
    const service = await open();
    const at = `/v1/datasets/${urn}/policy`;
    const allowing = await put(service, at, { ...policy, pii_policy: 'ALLOW' });
    const problem = (await allowing.json()) as { detail: string };
    expect([allowing.status, problem.detail]).toEqual([422, expect.stringContaining('pii_policy ALLOW')]);
    expect((await put(service, at, policy)).status).toBe(201);
  });
});

describe('who may', () => {
  test('a policy is changed by its owners and by admins', async () => {
    const admin = await open();
    await put(admin, AT, { ...POLICY, owners: ['orders-team', 'crm'] });
    const stranger = await open({ name: 'eve', roles: ['steward'], teams: ['sales'] });
    for (const at of [AT, RULES])
      expect(await codeOf(await put(stranger, at, at === AT ? POLICY : { rules: [] }))).toEqual([
        403,
        'NOT_YOUR_DATASET',
      ]);
    const owner = await open({ name: 'bob', roles: ['operator'], teams: ['crm'] });
    expect((await put(owner, AT, { ...POLICY, tier: 'TIER_4' })).status).toBe(200);
    // Bob gave it away.
    expect(await codeOf(await put(owner, AT, POLICY))).toEqual([403, 'NOT_YOUR_DATASET']);
  });

  test('a first policy by those whom the contract names', async () => {
    const at = '/v1/datasets/urn:dp:orders:paid/policy';
    const policy = { ...POLICY, dataset_urn: 'urn:dp:orders:paid', contract_id: 'dc:orders.paid:3' };
    const stranger = await open({ roles: ['steward'], teams: ['sales'] });
    expect(await codeOf(await put(stranger, at, policy))).toEqual([403, 'NOT_YOUR_DATASET']);
    const owner = await open({ roles: ['steward'], teams: ['orders-team'] });
    expect((await put(owner, at, policy)).status).toBe(201);
  });

  test('nobody without a token (401), without the role (403), or where nothing may change (403)', async () => {
    const service = await open();
    const init = { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json' } };
    expect(await codeOf(await service.send(AT, init))).toEqual([401, 'NOT_SIGNED_IN']);
    expect(await codeOf(await put(await open({ roles: ['analyst'] }), AT, POLICY))).toEqual([
      403,
      'NOT_PERMITTED',
    ]);
    expect(await codeOf(await put(await open({ isReadOnly: true }), AT, POLICY))).toEqual([403, 'READ_ONLY']);
  });
});

describe('rules that are put', () => {
  test('are made, are there, change nothing when put again, and are kept', async () => {
    const service = await open();
    expect(await codeOf(await service.ask(RULES))).toEqual([404, 'NO_RESOLUTION']);
    const made = await put(service, RULES, { rules: [RULE] });
    expect([made.status, await made.json()]).toEqual([
      201,
      expect.objectContaining({ version: 1, rules: [RULE] }),
    ]);
    expect((await put(service, RULES, { rules: [RULE] })).status).toBe(200);
    expect(await service.json(RULES)).toMatchObject({ version: 1, rules: [RULE], changed_by: 'ann' });
    expect((await put(service, RULES, { rules: [] })).status).toBe(200);
    expect(await service.json(RULES)).toMatchObject({ version: 2, rules: [] });
    expect(await service.json('/v1/decisions?kind=resolution-set')).toMatchObject({
      decisions: [{ details: { was: [RULE], now: [] } }, { details: { was: null, now: [RULE] } }],
    });
  });

  test.each([
    ['of another form', { rules: [{ ...RULE, extraction_rule: 'type is x' }] }, 400],
    ['of an unknown kind', { rules: [{ ...RULE, source_type: 'QUEUE' }] }, 400],
    ['to another dataset', { rules: [{ ...RULE, dataset_urn: 'urn:dp:orders:paid' }] }, 422],
    ['twice', { rules: [RULE, RULE] }, 422],
    ['of a header without a name', { rules: [{ ...RULE, source_type: 'HEADER' }] }, 422],
  ])('%s are refused', async (_, body, status) => {
    const service = await open();
    expect((await put(service, RULES, body)).status).toBe(status);
  });

  test('contradict neither those of another dataset nor a policy: an event has one dataset, and none comes again', async () => {
    const service = await open();
    await put(service, RULES, { rules: [RULE] });
    const paid = 'urn:dp:orders:paid';
    const theirs = { ...RULE, dataset_urn: paid };
    const at = `/v1/datasets/${paid}/resolution`;
    expect(await codeOf(await put(service, at, { rules: [theirs] }))).toEqual([422, 'RESOLUTION_WRONG']);
    const apart = { ...theirs, extraction_rule: 'event_type=orders.paid' };
    expect((await put(service, at, { rules: [apart] })).status).toBe(201);
    const republishing = { ...POLICY, enforcement_mode: 'REPUBLISH_PASS_ONLY' };
    const intoItself = { ...republishing, republish_topic: 'raw.orders.events' };
    expect(await codeOf(await put(service, AT, intoItself))).toEqual([422, 'POLICY_WRONG']);
    expect((await put(service, AT, { ...republishing, republish_topic: 'orders.good' })).status).toBe(200);
    const outOfIt = { ...apart, source_value: 'orders.good' };
    expect(await codeOf(await put(service, at, { rules: [outOfIt] }))).toEqual([422, 'RESOLUTION_WRONG']);
  });

  test('to a dataset without a contract make no sense', async () => {
    const service = await open();
    const urn = 'urn:dp:orders:lost';
    const rules = [{ ...RULE, dataset_urn: urn, source_value: 'lost' }];
    const answer = await put(service, `/v1/datasets/${urn}/resolution`, { rules });
    expect(await codeOf(answer)).toEqual([422, 'RESOLUTION_WRONG']);
  });

  test('of two writers at once that contradict each other, one is refused', async () => {
    const service = await open();
    const rule = { ...RULE, source_value: 'raced' };
    const writers = ['created', 'paid'].map((name) => {
      const urn = `urn:dp:orders:${name}`;
      const rules = [{ ...rule, dataset_urn: urn }];
      return put(service, `/v1/datasets/${urn}/resolution`, { rules });
    });
    const statuses = (await Promise.all(writers)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 422]);
  });
});

test('a path that names no dataset is a 400', async () => {
  const service = await open();
  for (const name of ['orders.created', 'urn:dp:orders', 'urn:dp:a:b:c', 'urn:dp:..:x'])
    expect((await service.ask(`/v1/datasets/${name}/policy`)).status).toBe(400);
});

test('a store that is down: not ready, alive, and nothing is said to be kept', async () => {
  const down = async (): Promise<never> => {
    throw new TransientError('DOWN', 'the table is gone');
  };
  const policies = { current: down, read: down, write: down, history: down };
  const service = await open({ policies });
  expect(await codeOf(await service.send('/readyz'))).toEqual([503, 'NOT_READY']);
  expect((await service.send('/healthz')).status).toBe(200);
  expect((await put(service, AT, POLICY)).status).toBe(503);
  const broken = async (): Promise<never> => {
    throw new RangeError('unforeseen');
  };
  const failing = await open({ policies: { ...policies, read: broken } });
  const silent = console.error;
  console.error = () => {};
  expect((await put(failing, AT, POLICY)).status).toBe(500);
  console.error = silent;
});
