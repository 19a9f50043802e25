import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { type EventContract, isOfEvents } from '../../etl/eventstore/event-order.ts';
import { judgeEvents } from '../../etl/sealing/judge-events.ts';
import { createRepeats } from '../../etl/sealing/repeats.ts';
import { tryFor } from '../support/try-for.ts';
import { salesEvents } from './sales.ts';

/**
 * Runs over events in any order, against an oracle in plain TypeScript that never sees an order: of all events that came,
 * those of each stream and version with the smallest id, and of these the values with the smallest digest.
 */

/** An event as it came: where, and what it says. Amounts are whole. */
interface Came {
  readonly event: string;
  readonly sale: string;
  readonly nr: number;
  readonly what: string;
  readonly amount: number | null;
}

/** Few ids, streams and versions, so that many claim one place. Ids of several lengths and planes. */
const came: fc.Arbitrary<Came> = fc.record({
  event: fc.constantFrom('1', '10', '9', 'a', 'B', '\uff5e', '\u{1f600}'),
  sale: fc.constantFrom('s1', 's2'),
  nr: fc.integer({ min: 1, max: 2 }),
  what: fc.constantFrom('sold', "it's"),
  amount: fc.option(fc.integer({ min: 1, max: 2 })),
});
/** Runs of events, each of which may come again in any of them. */
const runs = fc.array(fc.array(came, { maxLength: 6 }), { minLength: 1, maxLength: 5 });

let engine: Engine;
let contract: EventContract;
beforeAll(async () => {
  engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  const read = parseContract('c.yaml', salesEvents());
  if (read.layer !== 'silver' || !isOfEvents(read)) throw new Error('the contract is not one of events');
  contract = read;
});
afterAll(() => engine.close());

/** What Silver would print of an event's columns, in the contract's order. */
const textsOf = ({ event, sale, nr, what, amount }: Came): (string | null)[] => [
  ...[event, sale, String(nr), what, '2024-01-05 10:00:00+00'],
  amount === null ? null : `${amount}.00`,
];
const digestOf = (one: Came): string =>
  createHash('sha256')
    .update(JSON.stringify(textsOf(one)))
    .digest('hex');
/** By code points: UTF-8 keeps their order. */
const before = (a: Came, b: Came): number =>
  Buffer.compare(Buffer.from(a.event), Buffer.from(b.event)) || (digestOf(a) < digestOf(b) ? -1 : 1);

function wanted(all: readonly Came[]): string[] {
  const best = new Map<string, Came>();
  for (const one of all) {
    const place = `${one.sale} ${one.nr}`;
    const known = best.get(place);
    if (known === undefined || before(one, known) < 0) best.set(place, one);
  }
  return [...best.values()].map((one) => JSON.stringify(textsOf(one))).sort();
}

const COLUMNS =
  'event VARCHAR, sale VARCHAR, nr BIGINT, what VARCHAR, "at" TIMESTAMPTZ, amount DECIMAL(12,2), source_file_id VARCHAR, source_row_number BIGINT';

/** One run: its events are judged, and what leaves Silver and what goes there is done. */
async function runOver(events: readonly Came[], run: number): Promise<void> {
  for (const table of ['excluded', 'stays', 'superseded', 'gave_way'])
    await engine.run(`DROP TABLE IF EXISTS ${table}`);
  await engine.run(
    'CREATE TEMP TABLE excluded (source_file_id VARCHAR, source_row_number BIGINT, code VARCHAR); CREATE TEMP TABLE stays (source_file_id VARCHAR, source_row_number BIGINT, event VARCHAR); CREATE TEMP TABLE superseded (sale VARCHAR, nr BIGINT); CREATE TEMP TABLE gave_way (source_file_id VARCHAR, source_row_number BIGINT)',
  );
  await createRepeats(engine, contract);
  await engine.run(`CREATE OR REPLACE TEMP TABLE fresh (${COLUMNS})`);
  for (const [n, { event, sale, nr, what, amount }] of events.entries()) {
    const texts = [event, sale, what].map((text) => `'${text.replaceAll("'", "''")}'`);
    const cells = [texts[0], texts[1], nr, texts[2], "'2024-01-05 10:00:00+00'", amount ?? 'NULL'];
    await engine.run(`INSERT INTO fresh VALUES (${cells.join(', ')}, 'run ${run}', ${n + 1})`);
  }
  await judgeEvents({
    ...{ engine, contract, fresh: 'fresh', standing: 'silver', joins: '' },
    ...{ among: 'true', place: 'records.source_row_number' },
  });
  const isIn = (table: string): string =>
    `(source_file_id, source_row_number) IN (SELECT (source_file_id, source_row_number) FROM ${table})`;
  await engine.run(`INSERT INTO gone SELECT source_file_id, source_row_number FROM gave_way`);
  await engine.run(`DELETE FROM silver WHERE ${isIn('gave_way')}`);
  await engine.run(
    `INSERT INTO silver SELECT * FROM fresh WHERE NOT ${isIn('excluded')} AND NOT ${isIn('repeats')}`,
  );
  for (const table of ['excluded', 'repeats'])
    await engine.run(`INSERT INTO gone SELECT source_file_id, source_row_number FROM ${table}`);
}

test('the same events stay in whatever order, runs and repetitions they come, and each has one place', async () => {
  await tryFor({ seconds: 170, cases: Number(process.env.ASSAY_CASES ?? 40) }, [runs], async (all) => {
    await engine.run(`CREATE OR REPLACE TEMP TABLE silver (${COLUMNS})`);
    await engine.run('CREATE OR REPLACE TEMP TABLE gone (source_file_id VARCHAR, source_row_number BIGINT)');
    for (const [n, events] of all.entries()) await runOver(events, n);
    const texts = 'event, sale, CAST(nr AS VARCHAR), what, CAST("at" AS VARCHAR), CAST(amount AS VARCHAR)';
    const rows = await engine.rows(`SELECT [${texts}] AS texts FROM silver`);
    expect(rows.map((row) => JSON.stringify(row.texts)).sort()).toEqual(wanted(all.flat()));
    const [places] = await engine.rows(
      'SELECT count(*) AS n, count(DISTINCT (source_file_id, source_row_number)) AS d FROM (SELECT source_file_id, source_row_number FROM silver UNION ALL FROM gone)',
    );
    const count = String(all.flat().length);
    expect(places).toEqual({ n: count, d: count });
  });
});
