import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lakeFolder } from '../../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../../adapters/local/object-store.ts';
import { OPEN_INCIDENTS } from '../../../etl/naming/incidents.ts';
import type { Alert, ObjectStore } from '../../../etl/ports.ts';
import type { DatasetPolicy } from '../../../stream/policy/dataset-policy.ts';
import { UNKNOWN_DATASET } from '../../../stream/policy/dataset-urn.ts';
import { enforcerStatuses, forgetGone, saySo, signOff } from '../../../stream/signals/enforcer-status.ts';
import { EvidenceWindows } from '../../../stream/signals/evidence-windows.ts';
import type { Incident } from '../../../stream/signals/incident.ts';
import { closedIncidents, findIncident, openIncidents } from '../../../stream/signals/incident-book.ts';
import { lookAtNewest, lookAtSignals } from '../../../stream/signals/signals.ts';
import { TopicWatch } from '../../../stream/signals/topic-watch.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { ORDERS, policy, policySet } from '../gates/judging.ts';
import { evidenceOf, goodEvents, keep, MINUTE_MS, rememberedAlerts, START_MS } from './making.ts';

let objects: ObjectStore;
let dispose: () => Promise<void>;
beforeEach(async () => {
  const { folder, dispose: remove } = await tempFolder();
  [objects, dispose] = [fileObjectStore(lakeFolder(folder)), remove];
});
afterEach(() => dispose());

/** An enforcer's signals at moments of a made-up morning, in minutes from its start. */
function openSignals(more: Partial<DatasetPolicy> = {}, holder = 'one', topics = new TopicWatch()) {
  const { alerts, sent } = rememberedAlerts();
  const windows = new EvidenceWindows(objects);
  const set = policySet([policy(more)]);
  let [nowMs, lag] = [START_MS, 0];
  const policies = { current: async () => set };
  const clock = { now: () => new Date(nowMs) };
  const parts = { objects, alerts, windows, policies, clock, holder, quietMs: MINUTE_MS };
  const partition = { topic: 'raw.orders.events', partition: 3 };
  return {
    sent,
    topics,
    windows,
    setLag: (to: number) => {
      lag = to;
    },
    async at(minute: number): Promise<readonly Incident[]> {
      nowMs = START_MS + minute * MINUTE_MS;
      return await lookAtSignals({
        ...parts,
        own: (known, ms) => topics.findings(known, [{ partition, lag }], ms),
      });
    },
    newest: async () => await lookAtNewest(new Set([ORDERS, UNKNOWN_DATASET]), parts),
  };
}

const kinds = (incidents: readonly Incident[]): string[] => incidents.map(({ kind }) => kind).sort();
const told = (sent: readonly Alert[]): string[] =>
  sent.map(
    ({ kind, title }) => `${kind} ${/[A-Z]+_?[A-Z]+(?=[. ])/.exec(title.replace('CRITICAL: ', ''))?.[0]}`,
  );

test('a contract that breaks is an incident with its cause, told once, followed, and closed by itself', async () => {
  await keep(objects, goodEvents(0, 30));
  const signals = openSignals({ tier: 'TIER_1' });
  expect(await signals.at(30)).toEqual([]);
  const bad = Array.from({ length: 30 }, (_, n) =>
    evidenceOf({
      ...{ atMs: START_MS + 30 * MINUTE_MS + n * 2_000, offset: 1_800 + n },
      ...(n % 2 === 0 ? { reason: 'NULL_VALUE:customer_id', version: '3.1.0' } : {}),
    }),
  );
  await keep(objects, bad);
  const open = await signals.at(31);
  expect(kinds(open)).toEqual(['COMPLIANCE', 'CONTRACT_BREAKAGE']);
  const breakage = open.find(({ kind }) => kind === 'CONTRACT_BREAKAGE');
  expect(breakage).toMatchObject({
    ...{ severity: 'critical', state: 'OPEN', dataset_urn: ORDERS, tier: 'TIER_1', owners: ['orders-team'] },
    cause: {
      ...{ gate: 'CONTRACT', reason: 'NULL_VALUE:customer_id', failed: 15, failed_for_reason: 15 },
      first_bad: { topic: 'raw.orders.events', partition: 3, offset: 1_800 },
      changed: [{ what: 'contract_version', before: ['3.0.0'], now: '3.1.0' }],
      producer_id: 'orders-svc',
    },
  });
  expect(breakage?.cause?.text).toContain("the contract's version changed from 3.0.0 to 3.1.0");
  expect(breakage?.cause?.samples).toHaveLength(5);
  expect(told(signals.sent)).toEqual(['incident-opened COMPLIANCE', 'incident-opened CONTRACT_BREAKAGE']);
  expect(signals.sent[1]).toMatchObject({
    dataset: 'orders.created',
    nextCommand: `assay incidents show ${breakage?.id}`,
  });
  expect(signals.sent[1]?.title).toContain('orders-team');
  // It goes on: nobody is told again, and the first bad event stays.
  await keep(objects, [
    evidenceOf({ atMs: START_MS + 32 * MINUTE_MS, offset: 1_900, reason: 'NULL_VALUE:customer_id' }),
  ]);
  expect(kinds(await signals.at(32.5))).toEqual(['COMPLIANCE', 'CONTRACT_BREAKAGE']);
  expect(signals.sent).toHaveLength(2);
  // By now the first bad events are out of the window.
  const late = { atMs: START_MS + 36.5 * MINUTE_MS, offset: 1_950, reason: 'NULL_VALUE:customer_id' };
  await keep(objects, [evidenceOf(late)]);
  expect(kinds(await signals.at(36.9))).toEqual(['COMPLIANCE', 'CONTRACT_BREAKAGE']);
  expect((await openIncidents(objects)).map(({ cause }) => cause?.first_bad?.offset)).toEqual([1_800, 1_800]);
  // Good events again: it is over once that holds for a minute.
  await keep(objects, goodEvents(33, 43));
  expect(kinds(await signals.at(43))).toEqual(['COMPLIANCE', 'CONTRACT_BREAKAGE']);
  expect(await signals.at(44)).toEqual([]);
  expect(told(signals.sent.slice(2)).sort()).toEqual([
    'incident-closed COMPLIANCE',
    'incident-closed CONTRACT_BREAKAGE',
  ]);
  const over = await closedIncidents(objects, { limit: 10 });
  expect(over.map(({ state }) => state)).toEqual(['CLOSED', 'CLOSED']);
  expect(await findIncident(objects, breakage?.id ?? '')).toMatchObject({
    ...{ state: 'CLOSED', quiet_since: new Date(START_MS + 43 * MINUTE_MS).toISOString() },
  });
  expect(await objects.list(OPEN_INCIDENTS)).toEqual([]);
});

test('a few failures among many, as always, are no incident', async () => {
  const events = goodEvents(0, 60).map((one, n) =>
    n % 100 === 7
      ? evidenceOf({
          atMs: Date.parse(one.source.broker_time),
          offset: one.source.offset,
          reason: 'RANGE_ERROR:total',
        })
      : one,
  );
  await keep(objects, events);
  expect(await openSignals({ tier: 'TIER_2' }).at(60)).toEqual([]);
});

test('events that deny whom the policy knows are blamed on nobody', async () => {
  await keep(objects, [
    ...goodEvents(0, 1),
    evidenceOf({ atMs: START_MS + 59_000, offset: 60, gate: 'PRODUCER', reason: 'PRODUCER_MISMATCH' }),
  ]);
  const [open] = await openSignals({ tier: 'TIER_1' }).at(1);
  expect(open?.cause).toMatchObject({ reason: 'PRODUCER_MISMATCH', producer_id: null, changed: [] });
  expect(open?.cause?.text).toMatch(/name another producer than their policy knows/);
  expect(open?.cause?.text).not.toContain('orders-svc');
});

test('of producers and schemas, what only failed events have is named', async () => {
  const one = (offset: number, more: object) =>
    evidenceOf({ atMs: START_MS + offset * 1_000, offset, schema: 'glue:o:1', ...more });
  await keep(objects, [
    ...Array.from({ length: 20 }, (_, n) => one(n, {})),
    ...Array.from({ length: 9 }, (_, n) =>
      one(20 + n, {
        reason: 'SCHEMA_INVALID:/total',
        gate: 'SCHEMA',
        producer: 'new-svc',
        schema: 'glue:o:2',
      }),
    ),
  ]);
  const open = await openSignals().at(1);
  expect(kinds(open)).toEqual(['COMPLIANCE', 'SCHEMA_BREAKAGE']);
  expect(open.find(({ kind }) => kind === 'SCHEMA_BREAKAGE')?.cause?.changed).toEqual([
    { what: 'producer_id', before: ['orders-svc'], now: 'new-svc' },
    { what: 'schema_id', before: ['glue:o:1'], now: 'glue:o:2' },
  ]);
});

test.each([
  [{ reason: 'SCHEMA_REGISTRY_UNAVAILABLE', gate: 'SCHEMA' }, 'REGISTRY_UNAVAILABLE'],
  [{ reason: 'PII_DETECTED:note', gate: 'PII' }, 'PII_FOUND'],
  [{ warning: 'POLICY_STALE' }, 'POLICY_UNAVAILABLE'],
  [{ urn: UNKNOWN_DATASET, reason: 'DATASET_UNKNOWN', gate: 'DATASET' }, 'UNKNOWN_DATASET'],
] as const)('one event with %j among hundreds is an incident', async (more, kind) => {
  await keep(objects, goodEvents(0, 10));
  await keep(objects, [evidenceOf({ atMs: START_MS + 10 * MINUTE_MS, offset: 5_000, ...more })]);
  expect(kinds(await openSignals().at(10.5))).toEqual([kind]);
});

test('evidence that stops while events are expected is a gap, then out of date; outside of those hours nothing is missed', async () => {
  const expected_traffic = [{ days: ['MON' as const], from: '08:00', to: '09:00' }];
  await keep(objects, goodEvents(0, 10, { rpm: 6 }));
  const signals = openSignals({ expected_traffic, freshness_slo_sec: 600, tier: 'TIER_1' });
  expect(await signals.at(14)).toEqual([]);
  expect(kinds(await signals.at(16))).toEqual(['EVIDENCE_GAP']);
  const late = await signals.at(21);
  expect(kinds(late)).toEqual(['EVIDENCE_GAP', 'FRESHNESS']);
  expect(late.map(({ title }) => title)).toEqual([
    expect.stringContaining('for 11 minutes, although'),
    'The newest event of orders.created is 11 minutes old; 600 s are promised.',
  ]);
  // After nine o'clock nobody expects events.
  await signals.at(61);
  expect(await signals.at(63)).toEqual([]);
  // On Tuesday neither.
  expect(await signals.at(24 * 60 + 30)).toEqual([]);
});

test('a dataset that never had events misses none, unless the policy says when they are expected', async () => {
  expect(await openSignals({ freshness_slo_sec: 60 }).at(30)).toEqual([]);
  const expected_traffic = [{ from: '07:00', to: '09:00' }];
  expect(kinds(await openSignals({ expected_traffic }, 'one').at(30))).toEqual(['EVIDENCE_GAP']);
});

test('far more events than at peak, and far fewer than before, are incidents', async () => {
  await keep(objects, goodEvents(0, 60, { rpm: 40 }));
  const signals = openSignals({ volume_rpm_expected: 15 });
  expect(kinds(await signals.at(60))).toEqual(['VOLUME_HIGH']);
  await keep(
    objects,
    goodEvents(60, 66, { rpm: 1, more: {} }).map((one, n) =>
      evidenceOf({ atMs: Date.parse(one.source.broker_time), offset: 9_000 + n }),
    ),
  );
  const quiet = openSignals({ volume_rpm_expected: 40 }, 'one');
  await quiet.at(64.9);
  expect(kinds(await quiet.at(66))).toEqual(['VOLUME_LOW']);
});

test('more than a thousand events behind for five minutes is critical lag, and over soon after it is none any more', async () => {
  const signals = openSignals({ tier: 'TIER_1' });
  signals.setLag(1_001);
  for (const minute of [0, 2, 4.9]) expect(await signals.at(minute)).toEqual([]);
  const [incident] = await signals.at(5);
  expect(incident).toMatchObject({
    ...{ kind: 'CRITICAL_LAG', topic: 'raw.orders.events', severity: 'critical', owners: ['orders-team'] },
  });
  signals.setLag(0);
  // Another enforcer may read the topic, too, and still be late: it would have noted that within three minutes.
  await signals.at(7);
  expect(kinds(await signals.at(8.5))).toEqual(['CRITICAL_LAG']);
  expect(await signals.at(9.6)).toEqual([]);
});

test('a topic of no dataset of Tier 1 is never critically late', async () => {
  const signals = openSignals({ tier: 'TIER_2' });
  signals.setLag(1_000_000);
  for (const minute of [0, 5, 10]) expect(await signals.at(minute)).toEqual([]);
});

test('lag that falls in between begins anew', async () => {
  const signals = openSignals({ tier: 'TIER_1' });
  for (const [minute, lag] of [
    [0, 2_000],
    [4, 900],
    [6, 2_000],
    [10, 2_000],
  ] as const) {
    signals.setLag(lag);
    expect(await signals.at(minute)).toEqual([]);
  }
});

test('records that expired unread are a gap with their offsets', async () => {
  const signals = openSignals();
  signals.topics.expired({ topic: 'raw.orders.events', partition: 3 }, { from: 10, to: 60 }, START_MS);
  const [incident] = await signals.at(1);
  expect(incident).toMatchObject({
    kind: 'EVIDENCE_GAP',
    measured: { value: 50 },
    title: expect.stringContaining('Offsets 10 to 59'),
  });
});

test('of two enforcers one looks, the other takes over when it is gone, and nobody is told twice', async () => {
  await keep(objects, [evidenceOf({ atMs: START_MS, offset: 0, reason: 'NULL_VALUE:customer_id' })]);
  const [first, second] = [openSignals({}, 'one'), openSignals({}, 'two')];
  const [open, unseen] = [await first.at(0.5), await second.at(0.6)];
  expect(kinds(open)).toEqual(['COMPLIANCE', 'CONTRACT_BREAKAGE']);
  expect(kinds(unseen)).toEqual(kinds(open));
  expect([first.sent.length, second.sent.length]).toEqual([2, 0]);
  // It has not even read the evidence.
  expect(second.windows.newestMs(ORDERS)).toBeUndefined();
  await keep(objects, goodEvents(10, 16));
  await second.at(16);
  expect(await second.at(17)).toEqual([]);
  expect([first.sent.length, second.sent.length]).toEqual([2, 2]);
});

test('an alert that could not be sent is sent at the next look', async () => {
  await keep(objects, [
    evidenceOf({
      atMs: START_MS,
      offset: 0,
      urn: UNKNOWN_DATASET,
      gate: 'DATASET',
      reason: 'DATASET_UNKNOWN',
    }),
  ]);
  const signals = openSignals();
  const send = signals.sent.push;
  signals.sent.push = () => {
    throw new Error('no way');
  };
  await expect(signals.at(0.5)).rejects.toThrow('no way');
  signals.sent.push = send;
  expect(kinds(await signals.at(0.6))).toEqual(['UNKNOWN_DATASET']);
  expect(signals.sent).toHaveLength(1);
});

test('of a file the newest events count, whenever they came, and an object is read once', async () => {
  const key = await keep(objects, [
    ...goodEvents(0, 1),
    evidenceOf({ atMs: START_MS + MINUTE_MS, offset: 60, reason: 'NULL_VALUE:customer_id' }),
  ]);
  let reads = 0;
  const counted: ObjectStore = {
    ...objects,
    async get(name) {
      if (name === key) reads++;
      return await objects.get(name);
    },
  };
  const windows = new EvidenceWindows(counted);
  const later = START_MS + 300 * 24 * 60 * MINUTE_MS;
  for (let n = 0; n < 3; n++) await windows.refresh(ORDERS, later);
  expect([reads, windows.newestMs(ORDERS)]).toEqual([1, START_MS + MINUTE_MS]);
  const signals = openSignals({ tier: 'TIER_1', freshness_slo_sec: 1 });
  // 60 of 61 pass: less than 99 in a hundred, and what time says is not asked.
  expect(kinds(await signals.newest())).toEqual(['COMPLIANCE']);
});

test('what an enforcer says last stands until it signs off, or is gone for a day', async () => {
  const status = (holder: string, atMs: number) => ({
    ...{ holder, started_at: new Date(START_MS).toISOString(), at: new Date(atMs).toISOString() },
    ...{ partitions: [{ topic: 'raw.orders.events', partition: 3, lag: 7 }], hindrances: [] },
  });
  await saySo(objects, status('a', START_MS));
  await saySo(objects, status('a', START_MS + MINUTE_MS));
  await saySo(objects, status('b', START_MS - 24 * 60 * MINUTE_MS));
  await saySo(objects, status('c', START_MS));
  await forgetGone(objects, START_MS + MINUTE_MS);
  expect((await enforcerStatuses(objects)).map(({ holder }) => holder).sort()).toEqual(['a', 'c']);
  await signOff(objects, 'c');
  expect(await enforcerStatuses(objects)).toEqual([status('a', START_MS + MINUTE_MS)]);
});

test('a time to come that a producer says counts when it was judged, and hides nothing that follows', async () => {
  const soon = evidenceOf({ atMs: START_MS, offset: 0 });
  const far = { ...soon, source: { ...soon.source, broker_time: '2126-01-12T08:00:00.000Z' } };
  const signals = openSignals();
  await keep(objects, [far]);
  await signals.at(0.1);
  await keep(objects, [
    evidenceOf({ atMs: START_MS + MINUTE_MS, offset: 1, reason: 'NULL_VALUE:customer_id' }),
  ]);
  expect(kinds(await signals.at(1.5))).toContain('COMPLIANCE');
  expect(signals.windows.newestMs(ORDERS)).toBe(START_MS + MINUTE_MS);
});
