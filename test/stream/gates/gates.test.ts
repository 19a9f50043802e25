import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ObservedEvent } from '../../../stream/event.ts';
import type { PolicySet } from '../../../stream/policy/policy-set.ts';
import {
  event,
  headers,
  type Judging,
  ORDERS,
  ORDERS_CONTRACT,
  openJudging,
  order,
  policy,
  policySet,
  TOPIC,
  TOPIC_RULE,
} from './judging.ts';

let judging: Judging;
beforeAll(async () => {
  judging = await openJudging({
    'orders/created.yaml': ORDERS_CONTRACT,
    'orders/broken.yaml': 'name: [',
  });
});
afterAll(() => judging.close());

/** What one event failed for, with the gate before it, and what was only said. */
async function found(
  one: ObservedEvent,
  set: PolicySet = policySet([policy()]),
  partition = TOPIC,
): Promise<readonly string[]> {
  const [state] = await judging.judge([one], set, partition);
  return [
    ...(state?.faults ?? []).map(({ gate, reason }) => `${gate} ${reason}`),
    ...(state?.warnings ?? []).map((warning) => `(${warning})`),
  ];
}

test('a right event passes every gate', async () => {
  expect(await found(event(order()))).toEqual([]);
});

describe('DATASET', () => {
  const dataset = async (one: ObservedEvent, rules: PolicySet['rules']): Promise<string | undefined> =>
    (await judging.judge([one], policySet([policy()], { rules })))[0]?.dataset;
  const rule = (more: object) => ({ ...TOPIC_RULE, ...more });
  const returns = 'urn:dp:orders:returned';

  test('an event that no rule takes is told, and never judged as something else', async () => {
    expect(await found(event(order()), policySet([policy()], { rules: [] }))).toEqual([
      'DATASET DATASET_UNKNOWN',
    ]);
    expect(await found(event(order()), policySet([policy()]), { ...TOPIC, topic: 'raw.other' })).toEqual([
      'DATASET DATASET_UNKNOWN',
    ]);
  });

  test('where the map itself is broken or was never read, that is said', async () => {
    const none = { rules: [] };
    const broken = policySet([policy()], { ...none, broken: new Map([['resolution', 'x']]) });
    expect(await found(event(order()), broken)).toEqual(['DATASET DATASET_UNKNOWN', '(RESOLUTION_BROKEN)']);
    const never = policySet([], { ...none, readAt: null, isStale: true });
    expect(await found(event(order()), never)).toEqual([
      'DATASET DATASET_UNKNOWN',
      '(POLICY_STORE_UNAVAILABLE)',
    ]);
  });

  test('two rules of one rank that disagree are told, and nothing is guessed', async () => {
    const rules = [TOPIC_RULE, rule({ dataset_urn: returns })];
    expect(await found(event(order()), policySet([policy()], { rules }))).toEqual([
      'DATASET DATASET_AMBIGUOUS',
    ]);
  });

  test('the surer rule goes before the other, and the closer one before both', async () => {
    const low = rule({ dataset_urn: returns, resolution_confidence: 'LOW' });
    expect(await dataset(event(order()), [low, TOPIC_RULE])).toBe('orders.created');
    const closer = { ...low, extraction_rule: 'event_type=orders.order.created' };
    expect(await dataset(event(order()), [closer, TOPIC_RULE])).toBe('orders.returned');
    expect(await dataset(event(order({}, { type: 'x.y.z' })), [closer, TOPIC_RULE])).toBe('orders.created');
  });

  test('rules look at event types, headers, places in the payload', async () => {
    const type = rule({ source_type: 'EVENT_TYPE', source_value: 'orders.order.created' });
    expect(await dataset(event(order()), [type])).toBe('orders.created');
    const header = rule({ source_type: 'HEADER', source_value: 'kind=order' });
    expect(await dataset(event(order(), { headers: headers({ Kind: 'order' }) }), [header])).toBe(
      'orders.created',
    );
    expect(await dataset(event(order(), { headers: headers({ kind: 'orders' }) }), [header])).toBeUndefined();
    const place = rule({ extraction_rule: '/data/currency=EUR' });
    expect(await dataset(event(order()), [place])).toBe('orders.created');
    expect(await dataset(event(order({ currency: 'GBP' })), [place])).toBeUndefined();
    const named = rule({ extraction_rule: 'header:event_type=created' });
    expect(await dataset(event(order(), { headers: headers({ event_type: 'created' }) }), [named])).toBe(
      'orders.created',
    );
  });
});

describe('policies that are missing, broken or old', () => {
  test('the safe default holds, and evidence says why', async () => {
    for (const [set, why] of [
      [policySet([]), '(POLICY_MISSING)'],
      [policySet([], { broken: new Map([[ORDERS, 'x']]) }), '(POLICY_BROKEN)'],
      [policySet([], { isStale: true, readAt: null }), '(POLICY_STORE_UNAVAILABLE)'],
    ] as const) {
      expect(await found(event(order()), set)).toEqual([why]);
      const [state] = await judging.judge([event(order())], set);
      expect(state?.policy).toMatchObject({ version: null, policy: { enforcement_mode: 'ALERT_ONLY' } });
    }
  });

  test('the last good one goes on, and evidence says that it may be old', async () => {
    const blocking = policy({ pii_policy: 'BLOCK' });
    const set = policySet([blocking], { isStale: true });
    expect(await found(event(order({ note: 'ann@example.com' })), set)).toEqual([
      'PII PII_DETECTED:note',
      '(POLICY_STALE)',
    ]);
    const broken = policySet([blocking], { broken: new Map([[ORDERS, 'x']]) });
    expect(await found(event(order()), broken)).toEqual(['(POLICY_BROKEN)']);
  });
});

describe('PRODUCER', () => {
  const producer = async (one: ObservedEvent, producers: readonly object[]) =>
    (await judging.judge([one], policySet([policy({ producers: producers as never })])))[0]?.producer;
  const principal = { principal: 'User:orders-svc', producer_id: 'orders-svc' };
  const owner = { topic: 'raw.orders.events', producer_id: 'orders-team' };
  const claiming = event(order(), { headers: headers({ producer_id: 'orders-svc' }) });

  test('how sure an identity is depends on who says it', async () => {
    expect(await producer(claiming, [principal])).toEqual({
      producer_id: 'orders-svc',
      identity_confidence: 'HIGH',
    });
    expect(await producer(event(order()), [owner])).toEqual({
      producer_id: 'orders-team',
      identity_confidence: 'MEDIUM',
    });
    expect(await producer(claiming, [])).toEqual({ producer_id: 'orders-svc', identity_confidence: 'LOW' });
    expect(await producer(event(order()), [])).toEqual({
      producer_id: '/orders-svc',
      identity_confidence: 'LOW',
    });
    expect(await producer(event(Buffer.from('{}')), [])).toEqual({
      producer_id: 'unknown',
      identity_confidence: 'NONE',
    });
  });

  test('two principals make nobody sure', async () => {
    const other = { principal: 'User:b', producer_id: 'b' };
    expect(await producer(event(order()), [principal, other])).toMatchObject({ identity_confidence: 'LOW' });
  });

  test('an event that names a producer that the policy does not know fails', async () => {
    const set = policySet([policy({ producers: [principal] })]);
    const forged = event(order(), { headers: headers({ producer_id: 'somebody' }) });
    expect(await found(forged, set)).toEqual(['PRODUCER PRODUCER_MISMATCH']);
    expect(await found(claiming, set)).toEqual([]);
    // The source of a CloudEvent is where it came from, and no producer.
    expect(await found(event(order()), set)).toEqual([]);
  });

  test('of headers that name a producer all are heard, and an event is of one', async () => {
    const named = (...names: readonly (readonly [string, string])[]): ObservedEvent =>
      event(order(), { headers: names.map(([name, value]) => ({ name, value: Buffer.from(value) })) });
    const [known, alone] = [
      policySet([policy({ producers: [principal, owner] })]),
      policySet([policy({ producers: [] })]),
    ];
    const both = named(['producer_id', 'orders-svc'], ['Producer_ID', 'evil']);
    for (const set of [known, alone]) expect(await found(both, set)).toEqual(['PRODUCER PRODUCER_MISMATCH']);
    const contradictions: (readonly [string, string])[][] = [
      [
        ['producer_id', 'evil'],
        ['producer_id', 'orders-svc'],
      ],
      // By another of the usual names, and two that the policy knows.
      [
        ['producer_id', 'orders-svc'],
        ['x-producer-id', 'evil'],
      ],
      [
        ['producer_id', 'orders-svc'],
        ['producer_id', 'orders-team'],
      ],
    ];
    for (const names of contradictions)
      expect(await found(named(...names), known)).toEqual(['PRODUCER PRODUCER_MISMATCH']);
    const twice = named(['producer_id', 'orders-svc'], ['x-producer-id', 'orders-svc']);
    expect(await found(twice, known)).toEqual([]);
    const none = event(order(), { headers: [{ name: 'producer_id', value: null }] });
    expect(await found(none, known)).toEqual([]);
  });
});

describe('ENVELOPE', () => {
  const bare = Buffer.from('{"order_id":"o-1"}');
  const byPolicy = (envelope: object | string): PolicySet =>
    policySet([policy({ envelope: envelope as never })]);

  test('what is no JSON fails there, and nothing behind it is judged', async () => {
    for (const bytes of [Buffer.from('{'), Buffer.from([255, 254]), Buffer.from('')])
      expect(await found(event(bytes))).toEqual(['ENVELOPE PAYLOAD_UNREADABLE']);
  });

  test('a type that is named otherwise is a warning, a fault where the policy says so, or nothing', async () => {
    const odd = event(order({}, { type: 'OrderCreated' }));
    const said = async (event_types?: 'FAIL' | 'ANY') => {
      const set = policySet([policy(event_types === undefined ? {} : { event_types })]);
      const state = (await judging.judge([odd], set))[0];
      return [state?.faults.map(({ reason }) => reason), state?.warnings];
    };
    expect(await said()).toEqual([[], ['EVENT_TYPE_FORM']]);
    expect(await said('FAIL')).toEqual([['EVENT_TYPE_FORM'], []]);
    expect(await said('ANY')).toEqual([[], []]);
    expect(await found(event(order()), policySet([policy({ event_types: 'FAIL' })]))).toEqual([]);
  });

  test('a policy that wants CloudEvents gets them', async () => {
    expect(await found(event(bare), byPolicy('cloudevents'))).toContain('ENVELOPE ENVELOPE_MISSING');
    expect(await found(event(bare), byPolicy('none'))).not.toContain('ENVELOPE ENVELOPE_MISSING');
    expect(await found(event(order()), byPolicy('cloudevents'))).toEqual([]);
  });

  test('a CloudEvent keeps to its standard', async () => {
    const wrong = async (attributes: object) =>
      (await found(event(order({}, attributes)))).filter((one) => one.startsWith('ENVELOPE'));
    expect(await wrong({ specversion: '0.3' })).toEqual(['ENVELOPE ENVELOPE_INVALID:specversion']);
    expect(await wrong({ id: '' })).toEqual(['ENVELOPE ENVELOPE_INVALID:id']);
    expect(await wrong({ time: 'yesterday' })).toEqual(['ENVELOPE ENVELOPE_INVALID:time']);
    expect(await wrong({ time: '2026-01-13T25:01:01Z' })).toEqual(['ENVELOPE ENVELOPE_INVALID:time']);
    expect(await wrong({ 'ann@example.org': 'x', Bad_Name: 'x' })).toEqual([
      'ENVELOPE ENVELOPE_INVALID:(name)',
    ]);
  });

  test('a mapping says where an envelope of another kind has what', async () => {
    const set = byPolicy({ id: '/order_id', type: '/kind' });
    expect(await found(event(bare), set)).toContain('ENVELOPE ENVELOPE_INVALID:type');
    const [state] = await judging.judge([event(Buffer.from('{"order_id":"o-1","kind":"k"}'))], set);
    expect(state?.envelope.type).toBe('k');
  });

  test('a tombstone has no envelope to be wrong', async () => {
    expect((await found(event(null))).filter((one) => one.startsWith('ENVELOPE'))).toEqual([]);
  });
});

describe('CONTRACT', () => {
  test('every reason is told, as quarantine will have it', async () => {
    expect(await found(event(order({ customer_id: null, currency: 'USD', total: -1 })))).toEqual([
      'CONTRACT NULL_VALUE:customer_id',
      'CONTRACT DOMAIN_ERROR:currency',
      'CONTRACT RANGE_ERROR:total',
    ]);
    expect(await found(event(Buffer.from('{"id":"a","id":"b"}')))).toEqual(['CONTRACT STRUCTURE_ERROR']);
  });

  test('codes that only other records decide are named', async () => {
    const [state] = await judging.judge([event(order())], policySet([policy()]));
    expect(state?.notJudged).toEqual(['DUPLICATE', 'MAX_ATTEMPTS', 'PREVIOUSLY_CONDEMNED']);
    expect(state?.contract).toEqual({ id: 'dc:orders.created:3', version: '3.0.0' });
  });

  test('where there is no contract to judge by, or another one, that is told', async () => {
    const to = (urn: string): PolicySet =>
      policySet([policy({ dataset_urn: urn })], { rules: [{ ...TOPIC_RULE, dataset_urn: urn }] });
    expect(await found(event(order()), to('urn:dp:orders:nothing'))).toEqual(['CONTRACT CONTRACT_MISSING']);
    expect(await found(event(order()), to('urn:dp:orders:broken'))).toEqual(['CONTRACT CONTRACT_INVALID']);
    const other = policySet([policy({ contract_id: 'dc:orders.created:2' })]);
    expect(await found(event(order()), other)).toEqual(['(CONTRACT_OTHER)']);
  });
});

describe('PII', () => {
  const card = event(order({ note: 'card 4111 1111 1111 1111, thanks' }));

  test('personal data where there should be none fails, is told, or is left alone, as the policy says', async () => {
    expect(await found(card, policySet([policy({ pii_policy: 'BLOCK' })]))).toEqual([
      'PII PII_DETECTED:note',
    ]);
    expect(await found(card, policySet([policy({ pii_policy: 'ALERT' })]))).toEqual(['(PII_DETECTED:note)']);
    expect(await found(card, policySet([policy({ pii_policy: 'ALLOW' })]))).toEqual([]);
  });

  test('a number that only looks like one is none', async () => {
    const set = policySet([policy({ pii_policy: 'BLOCK' })]);
    expect(await found(event(order({ note: 'card 4111 1111 1111 1112' })), set)).toEqual([]);
  });
});
