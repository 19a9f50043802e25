import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runRecordKey } from '../../etl/naming/runs.ts';
import { putDocument } from '../../etl/stages/stored-documents.ts';
import { byDay, openRecentRuns, type RecentRuns } from '../../service/console/recent-runs.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { type CountingStores, countingStores } from '../support/counting-stores.ts';

/** The charts of the overview: thirty days of the calendar, whatever number of runs there was in them. */

const NOW = new Date('2026-11-29T10:00:00.000Z');
const DATASET = 'shop.payments';
let lake: TestLake;
let stores: CountingStores;
let recent: RecentRuns;
beforeAll(async () => {
  lake = await testLake({ contracts: [contractText(PAYMENTS)] });
  const { effects } = lake.lake;
  stores = countingStores(effects.objects, effects.data);
  recent = openRecentRuns({ objects: stores.objects, clock: { now: () => NOW } });
});
afterAll(() => lake.dispose());

const keep = (at: string, counts: { records: number; quarantined: number; blank?: number }) => {
  const runId = `${at.replaceAll(/[-:.]/g, '')}-00000000`;
  const all = { silver: 0, condemned: 0, blank: 0, ...counts };
  return putDocument(lake.lake.effects.objects, runRecordKey(DATASET, runId), {
    ...{
      runId,
      dataset: DATASET,
      status: 'promoted',
      counts: all,
      reasons: {},
      controlTotals: [],
      files: [],
    },
    ...{ snapshotId: 1, sealDigest: null, contractVersion: '1.0.0', why: [], durationMs: 1 },
    ...{ startedAt: at, endedAt: at },
  });
};

test('a dataset that was not run for long has its last run; of others all of thirty days are added up by day', async () => {
  await keep('2026-10-30T23:00:00.000Z', { records: 7, quarantined: 7 });
  expect(byDay(await recent(DATASET), NOW)).toEqual([]);
  expect((await recent(DATASET)).map(({ counts }) => counts.records)).toEqual([7]);
  // More runs in a day than a chart ever had bars.
  for (let minute = 10; minute < 50; minute++)
    await keep(`2026-11-28T09:${minute}:00.000Z`, { records: 10, quarantined: 1, blank: 2 });
  await keep('2026-10-31T00:00:00.000Z', { records: 5, quarantined: 0 });
  await keep('2026-11-29T00:00:00.000Z', { records: 3, quarantined: 3 });
  expect(byDay(await recent(DATASET), NOW)).toEqual([
    { day: '2026-10-31', at: 0, runs: 1, records: 5, tested: 5, quarantined: 0 },
    { day: '2026-11-28', at: 28, runs: 40, records: 400, tested: 320, quarantined: 40 },
    { day: '2026-11-29', at: 29, runs: 1, records: 3, tested: 3, quarantined: 3 },
  ]);
});

test('a run is read once for as long as its record is the same', async () => {
  await recent(DATASET);
  stores.reset();
  await recent(DATASET);
  expect(stores.calls.length).toBe(1);
  await keep('2026-11-29T00:00:00.000Z', { records: 12_345, quarantined: 3 });
  expect(byDay(await recent(DATASET), NOW).at(-1)).toMatchObject({ records: 12_345 });
});
