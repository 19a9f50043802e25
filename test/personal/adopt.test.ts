import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { previewAdoption } from '../../etl/personal/adopting/preview-adoption.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { EVERY_STATE } from '../../etl/quarantine/records.ts';
import type { TestLake } from '../stages/harness.ts';
import {
  adoptPayments,
  type Planting,
  paymentsContract,
  paymentsLake,
  tellStory,
  WORD,
} from './adopted-shop.ts';
import { foundInLake } from './found-in-lake.ts';

let [adopted, fromStart]: TestLake[] = [];
let planting: Planting;
beforeAll(async () => {
  adopted = await paymentsLake('clear');
  fromStart = await paymentsLake('protected');
  planting = await tellStory(adopted);
  await tellStory(fromStart);
  for (const lake of [adopted, fromStart]) await lake.setContract(paymentsContract('protected', '2.0.0'));
  const { effects } = fromStart.lake;
  const asked = await askForMigration(effects, fromStart.dataset, { ...WORD, acceptLosses: false });
  expect((await runOnce(fromStart.dataset, effects, asked)).status).toBe('promoted');
});
afterAll(async () => {
  await adopted?.dispose();
  await fromStart?.dispose();
});

const theAdopted = (): TestLake => {
  if (adopted === undefined) throw new RangeError('no lake');
  return adopted;
};

/** Where values stand in a lake, as a program without any code of ours finds them: [file, value, way of writing]. */
const found = async (lake: TestLake) => (await foundInLake(lake.lake.root, planting.values)).found;

/** What readers see of a dataset, but for what names runs, files and values. */
async function state(lake: TestLake) {
  const { effects } = lake.lake;
  const silver = (await lake.rows('silver')).map(({ id, day, amount }) => [id, String(day), String(amount)]);
  const { records } = await readRecords(effects, lake.dataset, { filter: { ids: [] }, states: EVERY_STATE });
  const failed = records.map(({ record, state: is, reasons, failures, sourceRowNumber, corrections }) => ({
    ...{ id: record?.id ?? null, is, failures, sourceRowNumber },
    corrected: Object.keys(corrections).sort(),
    reasons: reasons.map(({ column, code }) => `${code} ${column}`).sort(),
  }));
  const files = (await lake.rows('source_files')).filter(({ status }) => status !== 'repeat');
  const last = new Map(files.map((file) => [file.source_file, file]));
  const counts = [...last.values()].map((file) =>
    ['status', 'records', 'silver', 'quarantined', 'condemned', 'blank']
      .map((name) => String(file[name]))
      .join(' '),
  );
  const gold = (await lake.gold('shop.totals')).map((row) =>
    [row.as_of_month, row.payments, row.amount].map(String).join(' '),
  );
  const text = (one: unknown): string => JSON.stringify(one);
  return {
    silver: silver.map(text).sort(),
    failed: failed.map(text).sort(),
    counts: counts.sort(),
    gold: gold.sort(),
  };
}

test('a dataset with a history is adopted: no value stands anywhere, and rows and verdicts are those of one protected from the start', async () => {
  const lake = theAdopted();
  const { effects } = lake.lake;
  const before = await state(lake);
  expect((await found(lake)).length).toBeGreaterThan(planting.values.length);
  const preview = await previewAdoption(effects, lake.dataset);
  expect(preview).toMatchObject({ isMigration: true, files: 8, retries: 1, corrections: 1 });
  const done = await adoptPayments(lake);
  expect(done).toMatchObject({ run: { status: 'promoted', why: [] } });
  const places = (await found(lake)).map(
    ([file, value, way]) => `${path.relative(lake.lake.root, file)} ${value} ${way}`,
  );
  expect(places).toEqual([]);
  const after = await state(lake);
  expect(after.gold).toEqual(before.gold);
  expect(after.silver).toEqual(before.silver);
  expect(after).toEqual(await state(fromStart as TestLake));
  expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
  expect((await auditDataset(effects, { dataset: 'shop.totals' })).problems).toEqual([]);
  // What was refused is tried once more under the new contract, and what was taken back stays so: as there.
  const [one, other] = [await lake.run(), await fromStart?.run()];
  expect(one.status).toBe('held');
  expect(one.record?.counts).toEqual(other?.record?.counts);
  await expect(adoptPayments(lake)).rejects.toMatchObject({ code: 'RUN_HELD' });
});
