import { expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { Effects } from '../../etl/ports.ts';
import { refreshProjection } from '../../etl/stages/refresh-projection.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { saleEvent, saleFile } from '../eventstore/sales.ts';
import { projected, salesLake, setCode, TOTALS_CODE, totalsOf } from './sales-lake.ts';

class Died extends Error {}

/** Effects that die at a write: before it, or right after it went through. */
function dyingAt(
  effects: Effects,
  write: number,
  when: 'before' | 'after',
): { effects: Effects; died: () => boolean } {
  let writes = 0;
  let isDead = false;
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Died();
    writes += 1;
    const isNow = writes === write;
    isDead = isNow;
    if (isNow && when === 'before') throw new Died();
    const done = await work();
    if (isNow) throw new Died();
    return done;
  };
  const { objects, data } = effects;
  return {
    died: () => isDead,
    effects: {
      ...effects,
      objects: { ...bound(objects), put: (...given) => guarded(() => objects.put(...given)) },
      data: { ...bound(data), publish: (...given) => guarded(() => data.publish(...given)) },
    },
  };
}

/** A store whose members need no `this`. */
const bound = <T extends object>(store: T): T =>
  new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
    ownKeys: (target) => [
      ...new Set([...Reflect.ownKeys(target), ...Reflect.ownKeys(Object.getPrototypeOf(target))]),
    ],
    getOwnPropertyDescriptor: (target, name) => ({
      configurable: true,
      enumerable: true,
      value: Reflect.get(target, name),
    }),
  });

const A = [saleEvent('s1', 1, 'e1'), saleEvent('s1', 3, 'e3', '2.50'), saleEvent('s2', 1, 'e4')];
const B = [saleEvent('s1', 2, 'e2', '4.25'), saleEvent('s3', 1, 'e5')];

test('killed before and after every write of a refresh, the old rows or the new ones are seen, and the next refresh ends it', async () => {
  const lake = await salesLake();
  try {
    const { effects } = lake.lake;
    await lake.dropAndRun({ 'a.csv': saleFile(A) });
    // Code that fails leaves the refresh to be done by hand.
    await setCode(lake, 'shop/totals.ts', 'export const apply = () => { throw new Error(); };');
    await lake.dropAndRun({ 'b.csv': saleFile(B) });
    await setCode(lake, 'shop/totals.ts', TOTALS_CODE);
    const contract = (await loadContracts(effects.contracts)).contracts.get('shop.totals');
    if (contract?.layer !== 'projection') throw new Error('no contract');
    const [before, after] = [totalsOf(A), totalsOf([...A, ...B])];
    expect(await projected(lake, 'totals')).toEqual(before);
    const first = await effects.objects.get('gold/table=projection/shop/totals/_LATEST.json');
    if (first === undefined) throw new Error('no pointer');
    let points = 0;
    for (let write = 1; ; write++) {
      let isDead = false;
      for (const when of ['before', 'after'] as const) {
        // As it was before the refresh.
        await effects.objects.put('gold/table=projection/shop/totals/_LATEST.json', first.body);
        const dying = dyingAt(effects, write, when);
        const run = { dataset: 'shop.sales', runId: `dies-${write}-${when}` };
        const ended = await refreshProjection(dying.effects, { contract, run }).then(
          () => true,
          (error) => error,
        );
        isDead = dying.died();
        if (isDead) {
          expect(ended).toBeInstanceOf(Died);
          points += 1;
        }
        const pointer = (await readPointer(effects.objects, 'projection', 'shop.totals'))?.pointer;
        expect(await projected(lake, 'totals')).toEqual(pointer?.version === 1 ? before : after);
        await refreshProjection(effects, { contract, run: { ...run, runId: `ends-${write}-${when}` } });
        expect(await projected(lake, 'totals')).toEqual(after);
      }
      if (!isDead) break;
    }
    // Two Parquet files, manifests, lists and metadata of both tables, the note of the refresh, kept texts, the pointer.
    expect(points).toBeGreaterThan(16);
    expect((await auditDataset(effects, { dataset: 'shop.totals' })).problems).toEqual([]);
  } finally {
    await lake.dispose();
  }
});
