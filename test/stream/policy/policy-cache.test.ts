import { expect, test } from '@jest/globals';
import { TransientError } from '../../../etl/errors.ts';
import { cachePolicies } from '../../../stream/policy/policy-cache.ts';
import { effectivePolicy } from '../../../stream/policy/policy-set.ts';
import type { KeptDocument } from '../../../stream/policy/policy-store.ts';
import { version } from './policy-store-suite.ts';

const URN = 'urn:dp:orders:created';
const policyOf = (mode: string, n = 1): KeptDocument =>
  version('policy/orders.created', n, {
    dataset_urn: URN,
    contract_id: 'dc:orders.created:3',
    enforcement_mode: mode,
    owners: ['orders-team'],
  });
const rules = version('resolution', 1, {
  format: 1,
  rules: [
    {
      source_type: 'TOPIC',
      source_value: 'raw.orders.events',
      dataset_urn: URN,
      resolution_confidence: 'HIGH',
    },
  ],
  changed: { [URN]: { version: 1, at: '2026-11-29T10:00:00.000Z', by: 'ann' } },
});

/** Resolves after so many turns of the event loop, however long each takes. */
async function afterTurns(turns: number): Promise<string> {
  for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
  return `nothing after ${turns} turns`;
}

/** A store whose answers are set by hand, a clock that is moved by hand, and the cache over them. */
function opened(options: Partial<Parameters<typeof cachePolicies>[0]> = {}) {
  let nowMs = Date.parse('2026-11-29T10:00:00Z');
  const site = { documents: [] as KeptDocument[], isDown: false, isHung: false, asked: 0 };
  const cache = cachePolicies({
    clock: { now: () => new Date(nowMs) },
    store: {
      async current() {
        site.asked++;
        if (site.isHung) return await new Promise<never>(() => {});
        if (site.isDown) throw new TransientError('DOWN', 'the store is down');
        return site.documents;
      },
    },
    ...options,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    cache,
    site,
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    mode: async () => {
      const found = effectivePolicy(await cache.current(), URN);
      await settle();
      return [found.policy.enforcement_mode, found.version, found.why];
    },
  };
}

test('a change holds within a minute, however seldom somebody asks', async () => {
  const { site, mode, pass } = opened();
  site.documents = [policyOf('QUARANTINE_ON_FAIL')];
  expect(await mode()).toEqual(['QUARANTINE_ON_FAIL', 1, undefined]);
  site.documents = [policyOf('ALERT_ONLY', 2)];
  // Asked each second.
  for (let second = 0; second < 59; second++) {
    pass(1);
    await mode();
  }
  expect(await mode()).toEqual(['ALERT_ONLY', 2, undefined]);
  expect(site.asked).toBeLessThanOrEqual(4);
  // Asked after a minute of silence.
  site.documents = [policyOf('QUARANTINE_ON_FAIL', 3)];
  pass(60);
  expect(await mode()).toEqual(['QUARANTINE_ON_FAIL', 3, undefined]);
});

test('while the store is down, what was good last holds, and the set says since when it is stale', async () => {
  const failures: unknown[] = [];
  const { cache, site, mode, pass } = opened({ onFailure: (error) => failures.push(error) });
  site.documents = [policyOf('QUARANTINE_ON_FAIL'), rules];
  await mode();
  site.isDown = true;
  pass(3600);
  expect(await mode()).toEqual(['QUARANTINE_ON_FAIL', 1, undefined]);
  const set = await cache.current();
  expect(set).toMatchObject({ isStale: true, readAt: new Date('2026-11-29T10:00:00Z') });
  // Events between two tries don't ask it.
  for (let n = 0; n < 100; n++) await cache.current();
  expect(failures).toHaveLength(1);
  site.isDown = false;
  site.documents = [policyOf('ALERT_ONLY', 2), rules];
  pass(6);
  expect(await mode()).toEqual(['ALERT_ONLY', 2, undefined]);
  expect(await cache.current()).toMatchObject({ isStale: false });
});

test('after a day without the store the safe default holds, and events are still led to their datasets', async () => {
  const { cache, site, mode, pass } = opened();
  site.documents = [policyOf('REPUBLISH_PASS_ONLY'), rules];
  await mode();
  site.isDown = true;
  pass(86_401);
  expect(await mode()).toEqual(['ALERT_ONLY', null, 'POLICY_STORE_UNAVAILABLE']);
  expect((await cache.current()).rules).toHaveLength(1);
});

test('where nothing was ever read, the safe default holds and says why', async () => {
  const { cache, site, mode } = opened();
  site.isDown = true;
  expect(await mode()).toEqual(['ALERT_ONLY', null, 'POLICY_STORE_UNAVAILABLE']);
  expect(await cache.current()).toMatchObject({ isStale: true, readAt: null, rules: [] });
});

test('a store that never answers keeps nobody, and is tried again', async () => {
  const { cache, site, mode, pass } = opened({ patienceMs: 20 });
  site.documents = [policyOf('QUARANTINE_ON_FAIL')];
  await mode();
  site.isHung = true;
  pass(120);
  expect(await mode()).toEqual(['QUARANTINE_ON_FAIL', 1, undefined]);
  // The others are answered at once: none waits for the store again.
  for (let n = 0; n < 50; n++)
    expect(await Promise.race([cache.current(), afterTurns(20)])).toMatchObject({ isStale: true });
  expect(site.asked).toBe(2);
  site.isHung = false;
  pass(6);
  await mode();
  expect(await cache.current()).toMatchObject({ isStale: false });
});

test('a policy that cannot be read stops no other, and what was good of it goes on holding', async () => {
  const { cache, site, mode, pass } = opened();
  const other = version('policy/orders.paid', 1, {
    dataset_urn: 'urn:dp:orders:paid',
    contract_id: 'dc:orders.paid:1',
    owners: ['orders-team'],
  });
  site.documents = [policyOf('QUARANTINE_ON_FAIL'), other, rules];
  await mode();
  site.documents = [version('policy/orders.created', 2, { dataset_urn: URN }), other, { ...rules, body: 7 }];
  pass(60);
  expect(await mode()).toEqual(['QUARANTINE_ON_FAIL', 1, undefined]);
  const set = await cache.current();
  expect([...set.broken.keys()]).toEqual([URN, 'resolution']);
  expect(set.rules).toHaveLength(1);
  expect(effectivePolicy(set, 'urn:dp:orders:paid').why).toBeUndefined();
});

test('one that was never good is the safe default, and says that it is broken; one that is not there, that it is missing', async () => {
  const { cache, site } = opened();
  site.documents = [version('policy/orders.created', 1, 'nonsense')];
  const set = await cache.current();
  expect(effectivePolicy(set, URN)).toMatchObject({ version: null, why: 'POLICY_BROKEN' });
  expect(effectivePolicy(set, 'urn:dp:orders:paid')).toMatchObject({ version: null, why: 'POLICY_MISSING' });
});

test('hits and misses are counted', async () => {
  const { cache, pass } = opened();
  for (let n = 0; n < 9; n++) await cache.current();
  pass(60);
  await cache.current();
  expect(cache.counts()).toEqual({ hits: 8, misses: 2 });
});
