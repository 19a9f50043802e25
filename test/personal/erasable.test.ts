import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bronzeKeeper } from '../../adapters/local/bronze-keeper.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { bronzePrefix, isSealed } from '../../etl/naming/bronze.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import { adopt } from '../../etl/personal/adopting/adopt.ts';
import { requireErasable } from '../../etl/personal/adopting/erasable.ts';
import { begunAdoption } from '../../etl/stages/adopted-files.ts';
import type { TestLake } from '../stages/harness.ts';
import { Planting, paymentsContract, paymentsLake, WORD } from './adopted-shop.ts';

/** What the function that erases for an adoption lets go, whoever asks for whatever. */

let lake: TestLake;
beforeAll(async () => {
  lake = await paymentsLake('clear');
  const planting = new Planting();
  await lake.dropAndRun({ 'may.csv': planting.file(planting.line('a'), planting.line('b')) });
  await lake.setContract(paymentsContract('protected', '2.0.0'));
});
afterAll(() => lake.dispose());

const keysBelow = async (prefix: string): Promise<string[]> =>
  (await lake.lake.effects.objects.list(prefix)).map(({ key }) => key);
const erasable = async (runId: string, ...keys: string[]) =>
  await requireErasable(lake.lake.effects, { kind: 'objects', dataset: lake.dataset, runId, keys });
const refused = { code: 'NOT_ERASABLE' };

/** An adoption that dies when it is to run, or to remove what is in the clear. */
async function dyingAt(stage: 'run' | 'removal'): Promise<string> {
  const { effects } = lake.lake;
  const died = async (): Promise<never> => {
    throw new Error('died');
  };
  const request = { ...WORD, dataset: lake.dataset, acceptLosses: false, discardUnreadable: false };
  const backfill = ({ dataset, runId }: { dataset: string; runId: string }) =>
    runOnce(dataset, effects, { runId });
  const keeper = { ...bronzeKeeper(lake.lake), erase: died };
  const runs = { backfill: stage === 'run' ? died : backfill };
  await expect(adopt(effects, request, { keeper, runs })).rejects.toThrow('died');
  return (await begunAdoption(effects, lake.dataset))?.runId ?? '';
}

test('nothing before the tables that were made of what is sealed are published', async () => {
  const [file = ''] = await keysBelow(bronzePrefix(lake.dataset));
  await expect(erasable('20240601T060000000Z-00000000', file)).rejects.toMatchObject(refused);
  const runId = await dyingAt('run');
  await expect(erasable(runId, file)).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining(`the tables of adoption ${runId} are not published`),
  });
});

test('then what is in the clear, and nothing that readers see, was decided, is sealed or another dataset’s', async () => {
  const runId = await dyingAt('removal');
  const bronze = await keysBelow(bronzePrefix(lake.dataset));
  const clear = bronze.filter((key) => !isSealed(key));
  expect([clear.length, bronze.length]).toEqual([1, 2]);
  const before = (await keysBelow('silver/shop/payments/')).filter((key) => key.endsWith('.parquet'));
  const prefixes = await erasable(runId, ...clear, ...before);
  expect(prefixes).toEqual(
    expect.arrayContaining(['silver/shop/payments/', 'gold/shop/totals/', 'ops/runs/shop/payments/']),
  );
  const kept = [
    ...bronze.filter(isSealed),
    ...(await keysBelow('silver/generation=2/')),
    ...(await keysBelow('gold/shop/totals/')),
    ...(await keysBelow('ops/runs/')),
    ...(await keysBelow('ops/decisions/')),
    pointerKey('silver', lake.dataset),
    'bronze/shop/payments/ingest_date=2024-06-01/another.csv',
    'silver/shop/other/schema_v=1/part.parquet',
  ];
  expect(kept.length).toBeGreaterThan(8);
  for (const key of kept) await expect(erasable(runId, ...clear, key)).rejects.toMatchObject(refused);
  // Once what was sealed is gone, what it was made of stays.
  const [sealed = ''] = bronze.filter(isSealed);
  await lake.remove(sealed);
  await expect(erasable(runId, ...clear)).rejects.toMatchObject(refused);
  await lake.setContract(paymentsContract('clear', '2.0.0'));
  await expect(erasable(runId, ...before)).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining('protects no column'),
  });
});
