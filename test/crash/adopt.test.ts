import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bronzeKeeper } from '../../adapters/local/bronze-keeper.ts';
import { everyFile } from '../../adapters/local/every-file.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { adopt } from '../../etl/personal/adopting/adopt.ts';
import type { Effects } from '../../etl/ports.ts';
import { lookThrough } from '../../etl/privacy/looking/look-through.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { Planting, paymentsContract, paymentsLake, WORD } from '../personal/adopted-shop.ts';
import type { TestLake } from '../stages/harness.ts';

let lake: TestLake;
let planting: Planting;
/** A file with records that pass, one that fails and one that can't be parsed, and what people did about the one that failed. */
beforeAll(async () => {
  lake = await paymentsLake('clear');
  planting = new Planting();
  const { effects } = lake.lake;
  const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
  const lines = [
    ...[planting.line('a'), planting.line('b'), planting.line('c')],
    ...[
      planting.line('mail', { mail: planting.plant() }),
      planting.line('short').split(',').slice(0, 4).join(','),
    ],
  ];
  await lake.dropAndRun({ 'may.csv': planting.file(...lines), 'again.csv': planting.file(...lines) });
  const filter = { ids: [], code: 'FORMAT_ERROR' };
  const { records } = await readRecords(effects, lake.dataset, { filter, states: ['open'] });
  const corrections = records.map((record) => ({ record, values: { mail: planting.plant('@example.org') } }));
  await keepCorrections(effects, contract, corrections, WORD);
  await retryRecords(
    effects,
    contract,
    (await readRecords(effects, lake.dataset, { filter, states: ['open'] })).records,
    WORD,
  );
  await lake.run();
  await lake.setContract(paymentsContract('protected', '2.0.0'));
});
afterAll(() => lake.dispose());

class Killed extends Error {}

/** An adoption by a process that dies before its step-th change; whether it came to its end. */
async function adoptUntil(step: number, when: 'before' | 'after'): Promise<boolean> {
  const { effects } = lake.lake;
  let done = 0;
  const dying =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      done += 1;
      if (done > step || (done === step && when === 'before')) throw new Killed();
      const result = await change(...args);
      if (done === step) done += 1;
      if (done > step) throw new Killed();
      return result;
    };
  const { objects, data } = effects;
  const doomed: Effects = {
    ...effects,
    objects: { ...objects, put: dying(objects.put), remove: dying(objects.remove) },
    data: { ...data, publish: dying(data.publish) },
  };
  const keeper = bronzeKeeper(lake.lake);
  const request = { ...WORD, dataset: lake.dataset, acceptLosses: false, discardUnreadable: false };
  const ended = await adopt(doomed, request, {
    keeper: {
      place: dying(keeper.place),
      erase: async (run, keys) => {
        for (const key of keys) await dying(keeper.erase)(run, [key]);
      },
      eraseHistory: dying(keeper.eraseHistory),
    },
    runs: { backfill: ({ dataset, runId }) => runOnce(dataset, doomed, { runId }) },
  }).catch(() => undefined);
  return done <= step && ended?.record != null;
}

test('an adoption that is killed at any of its changes shows one generation or the other, and is ended by the next', async () => {
  const amounts = async (): Promise<string> =>
    (await lake.rows('silver'))
      .map(({ id, amount }) => `${String(id)} ${String(amount)}`)
      .sort()
      .join();
  const before = await amounts();
  let deaths = 0;
  for (let step = 1; ; step += 5) {
    const isOver = await adoptUntil(step, step % 2 === 0 ? 'after' : 'before');
    expect(await amounts()).toBe(before);
    if (isOver) break;
    deaths += 1;
  }
  expect(deaths).toBeGreaterThan(5);
  expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
  const looked = await lookThrough(everyFile(lake.lake.root), planting.values);
  expect(looked.found).toEqual([]);
  expect(looked.notRead).toEqual([]);
  expect(await lake.lake.effects.objects.list('ops/decisions/shop/payments/')).toContainEqual(
    expect.objectContaining({ key: expect.stringContaining('-adopted.json') }),
  );
}, 900_000);
