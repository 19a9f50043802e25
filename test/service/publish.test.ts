import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../adapters/local/clock.ts';
import { openLake } from '../../adapters/local/lake.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { openRunDesk, type RunDesk } from '../../service/runs/run-desk.ts';
import { watchRuns } from '../../service/runs/run-watch.ts';
import { openShop, type Shop } from '../cli/shop.ts';

/** What becomes of a held run that a page has published. */

let shop: Shop;
let desk: RunDesk;
beforeAll(async () => {
  shop = await openShop();
  const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  });
  desk = openRunDesk({ effects, runs: {} as Runs }, watchRuns(systemClock));
});
afterAll(() => shop.dispose());

const RUN = { runId: '20240501T120000000Z-00000000', dataset: 'shop.sales' };
const REFUSED = new ConfigError('NOT_HELD', 'rita approved it');

test('a page waits a moment for a run to be published, and then leaves it to the background', async () => {
  let [end, stop] = [(_: RunRecord): void => undefined, (_: Error): void => undefined];
  const slow = () =>
    new Promise<RunRecord>((resolve, reject) => {
      [end, stop] = [resolve, reject];
    });
  expect(await desk.publish(RUN, 'ann', slow)).toBeUndefined();
  expect(desk.own(RUN.runId)).toMatchObject({ status: 'running', stage: 'promote', by: 'ann' });
  stop(REFUSED);
  await desk.close();
  expect([desk.own(RUN.runId), desk.outcomeOf(RUN.runId)]).toEqual([
    undefined,
    { kind: 'error', dataset: 'shop.sales', error: REFUSED },
  ]);
  await expect(desk.publish(RUN, 'bob', () => Promise.reject(REFUSED))).rejects.toBe(REFUSED);
  const again = desk.publish(RUN, 'bob', slow);
  end({ status: 'promoted' } as RunRecord);
  expect(await again).toMatchObject({ status: 'promoted' });
  expect(desk.outcomeOf(RUN.runId)).toBeUndefined();
});
