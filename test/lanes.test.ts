import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InOrder, Lanes } from '../etl/lanes.ts';

describe('lanes', () => {
  test('never do two jobs on one lane, and do all of them, in any schedule', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), fc.nat(12), async (s, width, jobs) => {
        const busy = new Set<number>();
        const done: number[] = [];
        const lanes = new Lanes(Array.from({ length: width }, (_, n) => n));
        const all = (async () => {
          for (let job = 0; job < jobs; job++) {
            await lanes.start(async (lane) => {
              expect(busy.has(lane)).toBe(false);
              busy.add(lane);
              await s.schedule(Promise.resolve());
              busy.delete(lane);
              done.push(job);
            });
          }
          await lanes.finish();
        })();
        await s.waitFor(all);
        expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: jobs }, (_, n) => n));
      }),
    );
  });

  test('end before a failure is thrown', async () => {
    const lanes = new Lanes(['a', 'b']);
    let ended = false;
    await lanes.start(async () => {
      throw new Error('broken');
    });
    await lanes.start(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
    });
    await expect(lanes.finish()).rejects.toThrow('broken');
    expect(ended).toBe(true);
  });

  test('throw what a job threw when the lane is wanted again', async () => {
    const lanes = new Lanes(['a']);
    await lanes.start(async () => {
      throw new Error('broken');
    });
    await expect(lanes.start(async () => undefined)).rejects.toThrow('broken');
  });
});

describe('work in order', () => {
  test('is done in the order in which it was asked for, one at a time, whatever is ready first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { maxLength: 8 }), async (s, failing) => {
        const order = new InOrder();
        const begun: number[] = [];
        let running = 0;
        const all = failing.map((fails, n) => {
          const ready = s.schedule(Promise.resolve());
          const work = order.next(ready, async () => {
            begun.push(n);
            expect(++running).toBe(1);
            await s.schedule(Promise.resolve());
            running--;
            if (fails) throw new Error(`work ${n}`);
            return n;
          });
          return work.catch((error: unknown) => String(error));
        });
        const results = await s.waitFor(Promise.all(all));
        expect(results).toEqual(failing.map((fails, n) => (fails ? `Error: work ${n}` : n)));
        expect(begun).toEqual(failing.map((_, n) => n));
      }),
    );
  });

  test('is not begun when what it waits for fails, and the next goes on', async () => {
    const order = new InOrder();
    const first = order.next(Promise.reject(new Error('not ready')), async () => 'never');
    const second = order.next(Promise.resolve(), async () => 'done');
    await expect(first).rejects.toThrow('not ready');
    await expect(second).resolves.toBe('done');
  });
});
