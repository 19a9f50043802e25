import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sharedWork } from '../../adapters/local/shared-work.ts';

describe('shared work', () => {
  test('serves everyone by a doing that began after they asked, one at a time, in any schedule', async () => {
    const askers = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), askers, async (s, keys) => {
        let time = 0;
        const begun = new Map<string, number[]>();
        const busy = new Set<string>();
        const ask = sharedWork(async (key) => {
          expect(busy.has(key)).toBe(false);
          busy.add(key);
          begun.set(key, [...(begun.get(key) ?? []), ++time]);
          await s.schedule(Promise.resolve());
          busy.delete(key);
        });
        const all = keys.map(async (key) => {
          await s.schedule(Promise.resolve());
          const askedAt = ++time;
          await ask(key);
          const last = begun.get(key)?.at(-1) ?? 0;
          expect(busy.has(key) ? (begun.get(key)?.at(-2) ?? 0) : last).toBeGreaterThanOrEqual(askedAt);
        });
        await s.waitFor(Promise.all(all));
        for (const [key, times] of begun) {
          expect(times.length).toBeLessThanOrEqual(keys.filter((one) => one === key).length);
        }
      }),
    );
  });

  test('is done twice for many who ask at once: for the first, and for all who came meanwhile', async () => {
    let doings = 0;
    const ask = sharedWork(async () => {
      doings++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await Promise.all(Array.from({ length: 50 }, () => ask('folder')));
    expect(doings).toBe(2);
  });

  test('tells all whom it serves of a failure, and the next begins anew', async () => {
    let doings = 0;
    const ask = sharedWork(async () => {
      doings++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (doings === 2) throw new Error('disk full');
    });
    const results = await Promise.allSettled([ask('a'), ask('a'), ask('a')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(ask('a')).resolves.toBeUndefined();
    expect(doings).toBe(3);
  });
});
