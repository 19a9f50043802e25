import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { compact } from '../../etl/operations/compact.ts';
import { expire } from '../../etl/operations/expire.ts';
import { vacuum } from '../../etl/operations/vacuum.ts';
import { runQuery } from '../../etl/query/run-query.ts';
import { type SaleEvent, saleFile } from '../eventstore/sales.ts';
import { salesLake, salesProjection, setCode } from '../projecting/sales-lake.ts';
import type { TestLake } from '../stages/harness.ts';

/** An event of a stream, the run that it comes in, and where in its file. */
const drawn = fc.record({
  nr: fc.integer({ min: 1, max: 6 }),
  id: fc.constantFrom('a', 'b', 'c'),
  cents: fc.integer({ min: -999, max: 99_999 }),
  hour: fc.nat(71),
  run: fc.nat(2),
  place: fc.nat(1000),
});

/** A case is a stream at a moment of its events, as of a moment: CI takes 1,260, ASSAY_CASES says in how many lakes so many are. */
const STREAMS = 105;
const LAKES = Number(process.env.ASSAY_CASES ?? 1);
const streams = fc.array(fc.array(drawn, { minLength: 1, maxLength: 8 }), {
  minLength: STREAMS,
  maxLength: STREAMS,
});
/** Moments of event time: any within the three days, exactly that of an event, or a whole day. */
const moments = fc.uniqueArray(
  fc.oneof(
    fc.nat(71).map((hour) => timeOf(hour)),
    fc.nat(72 * 3600 - 1).map((second) => new Date(START + second * 1000).toISOString()),
    fc.constantFrom('2024-01-31', '2024-02-01'),
  ),
  { minLength: 3, maxLength: 3 },
);
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

const START = Date.UTC(2024, 0, 31);
const timeOf = (hour: number): string => new Date(START + hour * 3_600_000).toISOString();
const WORD = { by: 'ann', reason: 'a test' };

const STEPS = salesProjection('steps', [
  { name: 'sold', type: 'integer', required: true },
  { name: 'mix', type: 'integer', required: true },
  { name: 'last_event' },
]);
/** What it comes to depends on the order of the events, and on which code folded them. */
const code = (factor: number): string => `
export const initial = { sold: 0, mix: 0, last_event: null };
export function apply(state, event) {
  const cents = Number(BigInt(event.amount.replace('.', '')));
  const mix = (state.mix * 31 + cents * ${factor} + event.at.length) % 1000003;
  return { sold: state.sold + 1, mix, last_event: event.event };
}`;

/** The same by other means: of equal versions the smaller id stands, then those whose time is not later, by version. */
function stepsOf(events: readonly SaleEvent[], until: string, factor: number): unknown[] {
  const standing = new Map<string, SaleEvent>();
  for (const event of events) {
    const known = standing.get(`${event.sale} ${event.nr}`);
    if (known === undefined || event.event < known.event) standing.set(`${event.sale} ${event.nr}`, event);
  }
  const happened = [...standing.values()].filter(({ at }) =>
    until.length === 10 ? at.slice(0, 10) <= until : Date.parse(at) <= Date.parse(until),
  );
  const rows = new Map<string, { sale: string; sold: number; mix: number; last_event: string }>();
  for (const { sale, amount, event } of happened.sort((a, b) => a.nr - b.nr)) {
    const row = rows.get(sale) ?? { sale, sold: 0, mix: 0, last_event: '' };
    const mix = (row.mix * 31 + Math.round(Number(amount) * 100) * factor + 27) % 1_000_003;
    rows.set(sale, { sale, sold: row.sold + 1, mix, last_event: event });
  }
  return [...rows.values()].sort((a, b) => (a.sale < b.sale ? -1 : 1));
}

function eventOf({ nr, id, cents, hour }: Drawn, stream: number): SaleEvent {
  const sale = `s${String(stream).padStart(3, '0')}`;
  const amount = (cents / 100).toFixed(2);
  return { event: `${sale}-${id}-${nr}`, sale, nr, what: 'sold', at: timeOf(hour), amount };
}

/** When it was, what had been read by then, and the code of then. */
interface Then {
  readonly ms: number;
  readonly events: readonly SaleEvent[];
  readonly factor: number;
}

async function rowsAt(lake: TestLake, until: string, ms: number): Promise<unknown[]> {
  const { effects } = lake.lake;
  const sql = `SELECT sale, CAST(sold AS INTEGER) AS sold, CAST(mix AS INTEGER) AS mix, last_event FROM projection.shop_steps_at('${until}') ORDER BY sale`;
  const rows = await withScratchEngine(effects, 'asked', async (engine) => {
    const answer = await runQuery(engine, effects, { sql, asOf: { kind: 'time', ms } });
    return await answer.rows(0, answer.rowCount);
  });
  return rows.map(([sale, sold, mix, last_event]) => ({ sale, sold, mix, last_event }));
}

/** Expires every snapshot but those that readers see now, and removes what none names. */
async function forget(lake: TestLake): Promise<void> {
  const { effects } = lake.lake;
  const loaded = await loadContracts(effects.contracts);
  for (const dataset of ['shop.steps', 'shop.sales']) {
    const { expired } = await expire(effects, { dataset, before: effects.clock.now() }, WORD);
    expect(Object.values(expired).flat().length).toBeGreaterThan(1);
    await vacuum(effects, { contract: requireContract(loaded, dataset), olderThanMs: 0, isDryRun: false });
  }
}

/** Three runs, the code of the last another one; then every stream at some moments, as of each run, before and after snapshots are gone. */
async function holds(all: readonly (readonly Drawn[])[], untils: readonly string[]): Promise<void> {
  const lake = await salesLake([STEPS], { 'shop/steps.ts': code(1) });
  try {
    const known = new Map<string, Drawn & { readonly event: SaleEvent }>();
    for (const [n, stream] of all.entries())
      for (const one of stream) {
        const event = eventOf(one, n);
        if (!known.has(event.event)) known.set(event.event, { ...one, event });
      }
    const thens: Then[] = [];
    const seen: SaleEvent[] = [];
    for (const run of [0, 1, 2]) {
      if (run === 2) await setCode(lake, 'shop/steps.ts', code(3));
      const own = [...known.values()].filter((one) => one.run === run).sort((a, b) => a.place - b.place);
      seen.push(...own.map(({ event }) => event));
      await lake.dropAndRun({ [`r${run}.csv`]: saleFile(own.map(({ event }) => event)) });
      const ms = lake.lake.effects.clock.now().getTime() - 1;
      thens.push({ ms, events: [...seen], factor: run === 2 ? 3 : 1 });
    }
    const check = async (when: Then, until: string): Promise<void> =>
      expect({ until, rows: await rowsAt(lake, until, when.ms) }).toEqual({
        until,
        rows: stepsOf(when.events, until, when.factor),
      });
    for (const when of thens) for (const until of untils) await check(when, until);
    const request = { dataset: 'shop.sales', targetBytes: 1e9, isDryRun: false };
    await compact(lake.lake.effects, request, WORD);
    lake.setTime('2024-07-01T00:00:00Z');
    await forget(lake);
    for (const [n, when] of thens.entries()) await check(when, untils[n] ?? '');
  } finally {
    await lake.dispose();
  }
}

const minutes = 8 * LAKES;
test(
  'any stream at any moment of its events, as of any run, is a plain fold of what was known then, by the code of then',
  () =>
    fc.assert(fc.asyncProperty(streams, moments, holds), {
      numRuns: LAKES,
      // What differs names its stream, and a hundred of them are not made smaller in any time.
      endOnFailure: true,
      interruptAfterTimeLimit: (minutes - 1) * 60_000,
    }),
  minutes * 60_000,
);
