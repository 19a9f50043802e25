import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { refreshProjection } from '../../etl/stages/refresh-projection.ts';
import { type SaleEvent, saleEvent, saleFile } from '../eventstore/sales.ts';
import { tryFor } from '../support/try-for.ts';
import { projected, salesLake, totalsOf } from './sales-lake.ts';

/** An event of a stream: which runs it comes in, where among their events, and in which of a run's files. */
const drawn = fc.record({
  nr: fc.integer({ min: 1, max: 7 }),
  id: fc.constantFrom('a', 'b', 'c'),
  cents: fc.integer({ min: -999, max: 99_999 }),
  month: fc.integer({ min: 1, max: 3 }),
  runs: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
  place: fc.nat(1000),
});
/** Many streams at once: each is a case of its own. */
const STREAMS = 50;
const streams = fc.array(fc.array(drawn, { minLength: 1, maxLength: 9 }), {
  minLength: STREAMS,
  maxLength: STREAMS,
});

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

interface Coming {
  readonly event: SaleEvent;
  readonly runs: readonly number[];
  readonly place: number;
}

/** Each id has one content; several ids may claim one version. */
function comingOf(drawn: readonly Drawn[], stream: number): Coming[] {
  const sale = `s${String(stream).padStart(2, '0')}`;
  const known = new Map<string, Coming>();
  for (const { nr, id, cents, month, runs, place } of drawn) {
    const name = `${sale}-${id}-${nr}`;
    const event = {
      event: name,
      sale,
      nr,
      what: 'sold',
      at: `2024-0${month}-05T10:00:00Z`,
      amount: (cents / 100).toFixed(2),
    };
    if (!known.has(name)) known.set(name, { event, runs, place });
  }
  return [...known.values()];
}

test('any order, chunking, repetition and split into runs give the rows of plain code, and so does a rebuild', async () => {
  await tryFor({ seconds: 90, cases: Number(process.env.ASSAY_CASES ?? 2) }, [streams], async (all) => {
    const lake = await salesLake();
    try {
      const coming = all.flatMap(comingOf);
      const seen = new Set<SaleEvent>();
      for (let run = 0; run < 4; run++) {
        const own = coming.filter(({ runs }) => runs.includes(run)).sort((a, b) => a.place - b.place);
        const files = [0, 1].map((file) => own.filter(({ place }) => place % 2 === file));
        for (const { event } of own) seen.add(event);
        const named = files.flatMap((some, n) =>
          some.length === 0 ? [] : [[`r${run}-${n}.csv`, saleFile(some.map(({ event }) => event))] as const],
        );
        if (named.length === 0) continue;
        await lake.dropAndRun(Object.fromEntries(named));
        expect(await projected(lake, 'totals')).toEqual(totalsOf([...seen]));
      }
      const contract = (await loadContracts(lake.lake.effects.contracts)).contracts.get('shop.totals');
      if (contract?.layer !== 'projection') throw new Error('no contract');
      const before = await projected(lake, 'totals');
      const run = { dataset: 'shop.sales', runId: 'rebuild' };
      expect(await refreshProjection(lake.lake.effects, { contract, run, isRebuild: true })).toMatchObject({
        streams: before.length,
        restated: 0,
      });
      expect(await projected(lake, 'totals')).toEqual(before);
    } finally {
      await lake.dispose();
    }
  });
});

test('streams longer than what is folded at once go on from batch to batch', async () => {
  const lake = await salesLake();
  try {
    const long = Array.from({ length: 17_000 }, (_, n) =>
      saleEvent('s1', n + 1, `e${String(n).padStart(5, '0')}`),
    );
    const events = [saleEvent('s0', 1, 'first'), ...long, saleEvent('s2', 1, 'last')];
    await lake.dropAndRun({ 'a.csv': saleFile(events) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf(events));
  } finally {
    await lake.dispose();
  }
});
