import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeptDocument, PolicyStore } from '../../../stream/policy/policy-store.ts';

/** A store with nothing in it, and how to be rid of it. */
export interface PolicyStoreUnderTest {
  readonly store: PolicyStore;
  dispose(): Promise<void>;
}

/** A version of a document. */
export const version = (name: string, n: number, body: unknown = { n }): KeptDocument => ({
  ...{ name, version: n, at: `2026-11-29T10:00:0${n % 10}.000Z`, by: 'ann', reason: `change ${n}` },
  decision: { id: `${name}-${n}`, kind: 'policy-set', dataset: 'orders.created', details: { n } },
  body,
});

const ORDERS = 'policy/orders.created';
const moved = { name: 'ConflictError', code: 'POLICY_MOVED' };

/** What every store of policies has to do; `open` gives an empty one. */
export function policyStoreSuite(name: string, open: () => Promise<PolicyStoreUnderTest>): void {
  describe(`store of policies: ${name}`, () => {
    let under: PolicyStoreUnderTest;
    let store: PolicyStore;
    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.dispose());

    test('an empty store has nothing under any name', async () => {
      expect(await store.current()).toEqual([]);
      expect(await store.read(ORDERS)).toBeUndefined();
      expect(await store.history(ORDERS)).toEqual([]);
    });

    test('what was written last holds, and what was before stays, newest first', async () => {
      for (const n of [1, 2, 3]) await store.write(version(ORDERS, n));
      await store.write(version('resolution', 1));
      expect(await store.read(ORDERS)).toEqual(version(ORDERS, 3));
      expect(await store.current()).toEqual([version(ORDERS, 3), version('resolution', 1)]);
      expect(await store.history(ORDERS)).toEqual([3, 2, 1].map((n) => version(ORDERS, n)));
      expect(await store.history('resolution')).toEqual([version('resolution', 1)]);
    });

    test('ten versions are in the order of their numbers, and names that begin alike are apart', async () => {
      for (let n = 1; n <= 11; n++) await store.write(version(ORDERS, n));
      await store.write(version(`${ORDERS}_late`, 1));
      expect((await store.history(ORDERS)).map((one) => one.version)).toEqual([
        11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
      ]);
    });

    test('a version that does not follow on what holds is refused, and nothing is kept of it', async () => {
      await expect(store.write(version(ORDERS, 2))).rejects.toMatchObject(moved);
      await store.write(version(ORDERS, 1));
      for (const n of [1, 3])
        await expect(store.write(version(ORDERS, n, 'other'))).rejects.toMatchObject(moved);
      expect(await store.history(ORDERS)).toEqual([version(ORDERS, 1)]);
    });

    test('of many who write the same version at once, one is heard', async () => {
      await store.write(version(ORDERS, 1));
      const writers = ['a', 'b', 'c', 'd', 'e'].map((body) => store.write(version(ORDERS, 2, body)));
      const ends = await Promise.allSettled(writers);
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject(moved);
      const [newest, ...rest] = await store.history(ORDERS);
      expect(newest).toEqual(await store.read(ORDERS));
      expect(rest).toEqual([version(ORDERS, 1)]);
    });
  });
}
