import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { compact } from '../../etl/operations/compact.ts';
import { refreshProjection } from '../../etl/stages/refresh-projection.ts';
import { type SaleEvent, saleEvent, saleFile } from '../eventstore/sales.ts';
import type { TestLake } from '../stages/harness.ts';
import { projected, salesLake, totalsOf } from './sales-lake.ts';

/** An event of a stream: which runs it comes in, where among their events, and in which of a run's files. */
const drawn = fc.record({
  nr: fc.integer({ min: 1, max: 7 }),
  id: fc.constantFrom('a', 'b', 'c'),
  cents: fc.integer({ min: -999, max: 99_999 }),
  month: fc.integer({ min: 1, max: 3 }),
  runs: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
  place: fc.nat(1000),
  file: fc.nat(5),
});

/**
 * Streams share nothing, so each is a case: its own events, and its own order, files, runs and repetitions of them. CI takes
 * 1,000 of them, in two lakes; ASSAY_CASES says how many lakes.
 */
const STREAMS = 500;
const LAKES = Number(process.env.ASSAY_CASES ?? 2);

/** What all streams of a lake share: how many runs there are, files in each, bytes of a segment, and what comes after each run. */
const lakes = fc.record({
  runs: fc.integer({ min: 2, max: 4 }),
  files: fc.integer({ min: 1, max: 3 }),
  segmentBytes: fc.constantFrom(4_000, 1_000_000),
  after: fc.array(fc.constantFrom('nothing', 'again', 'compact', 'rebuild'), { minLength: 4, maxLength: 4 }),
  streams: fc.array(fc.array(drawn, { minLength: 1, maxLength: 9 }), {
    minLength: STREAMS,
    maxLength: STREAMS,
  }),
});

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;
type Drawing = typeof lakes extends fc.Arbitrary<infer T> ? T : never;

type Coming = Pick<Drawn, 'runs' | 'place' | 'file'> & { readonly event: SaleEvent };

/** Each id has one content; several ids may claim one version. */
function comingOf(drawn: readonly Drawn[], stream: number): Coming[] {
  const sale = `s${String(stream).padStart(3, '0')}`;
  const known = new Map<string, Coming>();
  for (const { nr, id, cents, month, ...how } of drawn) {
    const name = `${sale}-${id}-${nr}`;
    const event = {
      event: name,
      sale,
      nr,
      what: 'sold',
      at: `2024-0${month}-05T10:00:00Z`,
      amount: (cents / 100).toFixed(2),
    };
    if (!known.has(name)) known.set(name, { event, ...how });
  }
  return [...known.values()];
}

/** The files of each run. */
function filesOf({ streams, runs, files }: Drawing): { name: string; events: SaleEvent[] }[][] {
  const coming = streams.flatMap(comingOf);
  return Array.from({ length: runs }, (_, run) => {
    const own = coming.filter((one) => one.runs.some((nr) => nr % runs === run));
    own.sort((a, b) => a.place - b.place);
    const made = Array.from({ length: files }, (_, file) => ({
      name: `r${run}-${file}.csv`,
      events: own.filter((one) => one.file % files === file).map(({ event }) => event),
    }));
    return made.filter(({ events }) => events.length > 0);
  });
}

async function rebuild(lake: TestLake, runId: string): Promise<void> {
  const contract = (await loadContracts(lake.lake.effects.contracts)).contracts.get('shop.totals');
  if (contract?.layer !== 'projection') throw new Error('no contract');
  const before = await projected(lake, 'totals');
  const run = { dataset: 'shop.sales', runId };
  expect(await refreshProjection(lake.lake.effects, { contract, run, isRebuild: true })).toMatchObject({
    streams: before.length,
    restated: 0,
  });
  expect(await projected(lake, 'totals')).toEqual(before);
}

/** Runs all of it, and looks at every row after every run. */
async function holds(drawing: Drawing): Promise<void> {
  const lake = await salesLake([], {}, { segmentBytes: drawing.segmentBytes });
  const word = { by: 'ann', reason: 'a test' };
  try {
    const seen = new Set<SaleEvent>();
    let again: Record<string, string> = {};
    for (const [run, files] of filesOf(drawing).entries()) {
      for (const { events } of files) for (const event of events) seen.add(event);
      const named = Object.fromEntries(files.map(({ name, events }) => [name, saleFile(events)]));
      if (Object.keys({ ...named, ...again }).length === 0) continue;
      await lake.dropAndRun({ ...named, ...again });
      again = {};
      const after = drawing.after[run];
      if (after === 'compact')
        await compact(lake.lake.effects, { dataset: 'shop.sales', targetBytes: 1e9, isDryRun: false }, word);
      if (after === 'rebuild') await rebuild(lake, `rebuild-${run}`);
      // The same events once more, in another file: the lines turned round.
      if (after === 'again')
        again = Object.fromEntries(
          files.map(({ name, events }) => [`again-${name}`, saleFile([...events].reverse())]),
        );
      expect(await projected(lake, 'totals')).toEqual(totalsOf([...seen]));
    }
    await rebuild(lake, 'rebuild');
  } finally {
    await lake.dispose();
  }
}

const minutes = 4 * Math.max(2, LAKES);
test(
  'any order, chunking, repetition and split into runs give the rows of plain code, and so does a rebuild',
  () =>
    fc.assert(fc.asyncProperty(lakes, holds), {
      numRuns: LAKES,
      // What differs names its stream, and hundreds of them are not made smaller in any time.
      endOnFailure: true,
      interruptAfterTimeLimit: (minutes - 1) * 60_000,
    }),
  minutes * 60_000,
);

test('streams longer than what is folded at once go on from batch to batch', async () => {
  const lake = await salesLake();
  try {
    const long = Array.from({ length: 70_000 }, (_, n) =>
      saleEvent('s1', n + 1, `e${String(n).padStart(5, '0')}`),
    );
    const events = [saleEvent('s0', 1, 'first'), ...long, saleEvent('s2', 1, 'last')];
    await lake.dropAndRun({ 'a.csv': saleFile(events) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf(events));
  } finally {
    await lake.dispose();
  }
});
