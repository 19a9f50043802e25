import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { atMost, type HasRoom, inFlight } from '../etl/in-flight.ts';

/** What a consumer was given until the end or a failure. */
async function collect<T>(source: AsyncGenerator<T>): Promise<(T | string)[]> {
  const seen: (T | string)[] = [];
  try {
    for await (const one of source) seen.push(one);
  } catch (error) {
    seen.push(String(error));
  }
  return seen;
}

describe('work in flight', () => {
  test('comes in the order of its items, never more at once than there is room for, in any schedule', async () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), numbers, fc.integer({ min: 1, max: 4 }), async (s, weights, count) => {
        const underWay = new Set<number>();
        const items = weights.map((weight, n) => ({ n, weight }));
        const together = (some: readonly { weight: number }[]): number =>
          some.reduce((sum, { weight }) => sum + weight, 0);
        const hasRoom: HasRoom<(typeof items)[number]> = (running, next) =>
          running.length < count && together([...running, next]) <= 10;
        const results = inFlight(items, hasRoom, async ({ n }) => {
          underWay.add(n);
          expect(underWay.size).toBeLessThanOrEqual(count);
          expect(together([...underWay].map((one) => items[one] ?? { weight: 0 }))).toBeLessThanOrEqual(10);
          await s.schedule(Promise.resolve());
          underWay.delete(n);
          return n;
        });
        expect(await s.waitFor(collect(results))).toEqual(items.map(({ n }) => n));
      }),
    );
  });

  test('does as much at once as there is room for', async () => {
    let begun = 0;
    const results = inFlight([1, 2, 3, 4], atMost(3), async (n) => {
      begun++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return n;
    });
    const first = results.next();
    expect(begun).toBe(3);
    expect(await first).toEqual({ done: false, value: 1 });
    expect((await collect(results)).length).toBe(3);
  });

  test('takes an item alone for which there is never room', async () => {
    expect(
      await collect(
        inFlight(
          [1, 2],
          () => false,
          async (n) => n,
        ),
      ),
    ).toEqual([1, 2]);
  });

  test('throws a failure in its place, begins nothing after it, and has ended what was begun', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.nat(6),
        fc.integer({ min: 1, max: 4 }),
        async (s, failing, count) => {
          const begun: number[] = [];
          const ended: number[] = [];
          const results = inFlight([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], atMost(count), async (n) => {
            begun.push(n);
            await s.schedule(Promise.resolve());
            ended.push(n);
            if (n === failing) throw new Error(`item ${n}`);
            return n;
          });
          const seen = await s.waitFor(collect(results));
          expect(seen).toEqual([...Array.from({ length: failing }, (_, n) => n), `Error: item ${failing}`]);
          expect(ended.sort()).toEqual(begun.sort());
          expect(Math.max(...begun)).toBeLessThan(failing + count);
        },
      ),
    );
  });
});
