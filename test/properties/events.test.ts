import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { type SaleEvent, saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { tryFor } from '../support/try-for.ts';

/** Events with few streams, versions and ids; of one id and place all say the same, so that the id alone decides. */
const event: fc.Arbitrary<SaleEvent> = fc
  .tuple(fc.constantFrom('s1', 's2'), fc.integer({ min: 1, max: 3 }), fc.constantFrom('1', '10', '9', 'a'))
  .map(([sale, nr, id]) => saleEvent(sale, nr, id, `${nr}.00`));

/** Files in the order of their arrival, each read by a run at once, or by the next that comes. */
const deliveries = fc.array(
  fc.record({ events: fc.array(event, { minLength: 1, maxLength: 8 }), isRunNext: fc.boolean() }),
  { minLength: 2, maxLength: 6 },
);
/** From a few records to a whole file in a chunk. */
const sizes = fc.constantFrom(120, 400, 1_000_000);

function wanted(events: readonly SaleEvent[]): string[] {
  const best = new Map<string, string>();
  for (const { sale, nr, event: id } of events) {
    const place = `${sale} ${nr}`;
    const known = best.get(place);
    // Ids of this test are ASCII, which JavaScript orders by code points.
    if (known === undefined || id < known) best.set(place, id);
  }
  return [...best].map(([place, id]) => `${place} ${id}`).sort();
}

async function stored(lake: TestLake): Promise<string[]> {
  return (await lake.rows('silver')).map((row) => `${row.sale} ${row.nr} ${row.event}`).sort();
}

async function sound(lake: TestLake): Promise<void> {
  expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
}

test('Silver of events is the same in whatever order, files, chunks and runs they come, and after a backfill', async () => {
  await tryFor({ seconds: 60, cases: 3 }, [deliveries, sizes], async (files, bytes) => {
    const lake = await testLake({ contracts: [salesEvents()], chunkBytes: bytes, segmentBytes: bytes });
    try {
      const all = files.flatMap(({ events }) => events);
      for (const [n, { events, isRunNext }] of files.entries()) {
        await lake.drop({ [`${files.length - n}.csv`]: saleFile(events) });
        if (isRunNext) await lake.run();
      }
      await lake.run();
      expect(await stored(lake)).toEqual(wanted(all));
      await sound(lake);
      const { effects } = lake.lake;
      const word = { by: 'ann', reason: 'r' };
      const choice = { dataset: lake.dataset, from: '2024-01-01', isAgain: true };
      const { runId } = await askForBackfill(effects, await chooseFiles(effects, choice), word);
      expect(await lake.runAs(runId)).toMatchObject({ status: 'promoted' });
      expect(await stored(lake)).toEqual(wanted(all));
      await sound(lake);
    } finally {
      await lake.dispose();
    }
  });
});

test('where the event that stayed fails under a new contract, a backfill of its file brings the other one back', async () => {
  const lake = await testLake({ contracts: [salesEvents()] });
  try {
    const stricter = salesEvents()
      .replace('version: 1.0.0', 'version: 1.0.1')
      .replace('"DECIMAL(12,2)"', '"DECIMAL(12,2)", "logicalTypeOptions": {"minimum": 2}');
    await lake.dropAndRun({ 'a.csv': saleFile([saleEvent('s1', 1, 'e2', '9.00')]) });
    lake.setTime('2024-06-05T06:00:00.000Z');
    await lake.dropAndRun({ 'b.csv': saleFile([saleEvent('s1', 1, 'e1', '1.00')]) });
    expect(await stored(lake)).toEqual(['s1 1 e1']);
    await lake.setContract(stricter);
    const { effects } = lake.lake;
    const choice = { dataset: lake.dataset, from: '2024-06-05', isAgain: false };
    const chosen = await chooseFiles(effects, choice);
    expect(chosen.alongside).toBe(1);
    const { runId } = await askForBackfill(effects, chosen, { by: 'ann', reason: 'r' });
    expect(await lake.runAs(runId)).toMatchObject({ status: 'promoted' });
    expect(await stored(lake)).toEqual(['s1 1 e2']);
    await sound(lake);
  } finally {
    await lake.dispose();
  }
});
