import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** Which runs a changed figure is ascribed to: the one that brought its month, and those that changed it since. */

let shop: Shop;
let service: AskedService;
const runs: string[] = [];
beforeAll(async () => {
  shop = await openShop();
  for (const [name, line] of [
    ['first.csv', '1,Ann,1.10,2024-01-02'],
    ['second.csv', '2,Bob,2.00,2024-02-02'],
    ['third.csv', '3,Cem,3.00,2024-02-03'],
    ['fourth.csv', '4,Dot,4.00,2024-03-03'],
  ] as const) {
    await shop.write(name, `sale_id,customer,amount,sold_on\n${line}\n`);
    await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
    const { json } = await runMainJson(['run'], shop);
    runs.push((json as { runId: string }[])[0]?.runId ?? '');
  }
  service = await openService(shop.cwd);
});
afterAll(async () => {
  await service.close();
  await shop.dispose();
});

test('a new month is of the run that brought it, and of those that changed it since', async () => {
  const { snapshots } = (await service.json('/v1/datasets/shop.monthly_sales/snapshots')) as {
    snapshots: { snapshotId: number }[];
  };
  const changes = (since: number | undefined) =>
    service.json(`/v1/reports/shop.monthly_sales/changes?since=${since}`);
  const [, second, third, fourth] = runs;
  expect(await changes(snapshots.at(-1)?.snapshotId)).toMatchObject({
    keys: [
      { change: 'added', month: '2024-02', by: [second, third] },
      { change: 'added', month: '2024-03', by: [fourth] },
    ],
    causes: [
      { id: second, kind: 'run', why: 'from second.csv' },
      { id: third, kind: 'run', why: 'from third.csv' },
      { id: fourth, kind: 'run', why: 'from fourth.csv' },
    ],
  });
  expect(await changes(snapshots.at(-2)?.snapshotId)).toMatchObject({
    keys: [
      { change: 'changed', month: '2024-02', by: [third] },
      { change: 'added', month: '2024-03', by: [fourth] },
    ],
  });
});
