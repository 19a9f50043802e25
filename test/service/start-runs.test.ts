import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain } from '../cli/run-main.ts';
import type { Shop } from '../cli/shop.ts';
import { haltingRun } from '../crash/halting-run.ts';
import { until } from '../support/until.ts';
import { type AskedService, HOST } from './open-service.ts';
import { openShopService, type ShopService } from './shop-service.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';

interface State {
  readonly runId: string;
  readonly dataset: string;
  readonly status: string;
  readonly by?: string | null;
  readonly address?: string;
}

let shop: Shop;
let service: AskedService;
let ingest: ShopService['ingest'];
let dispose: ShopService['dispose'];
beforeAll(async () => {
  ({ shop, service, ingest, dispose } = await openShopService());
});
afterAll(() => dispose());

const start = async (body: object): Promise<State[]> => {
  const answer = await service.post('/v1/runs', body);
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { runs: State[] }).runs;
};
/** Asks about a run until it has ended. */
const endOf = async (runId: string): Promise<State & { readonly counts: { readonly silver: number } }> => {
  for (;;) {
    const answer = await service.ask(`/v1/runs/${runId}`);
    if (answer.status !== 202) return (await answer.json()) as never;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test('a run that is started goes on in the background, is shown meanwhile, and publishes what passes', async () => {
  await ingest('a.csv', `${HEADER}1,Ann,1.10,2024-01-02\n2,Bob,2.20,2024-01-03\n`);
  const [run] = await start({ dataset: 'shop.sales' });
  expect(run).toMatchObject({
    dataset: 'shop.sales',
    status: 'queued',
    by: 'ann',
    address: `/v1/runs/${run?.runId}`,
  });
  const { underWay } = (await service.json('/v1/runs')) as { underWay: State[] };
  expect(underWay.map(({ runId }) => runId)).toEqual([run?.runId]);
  const page = await (await service.ask(`/runs/${run?.runId}`)).text();
  expect(page).toContain('Under way');
  expect(await endOf(run?.runId ?? '')).toMatchObject({ status: 'promoted', counts: { silver: 2 } });
  expect(await service.json('/v1/runs')).toMatchObject({ underWay: [], runs: [{ runId: run?.runId }] });
  // The command sees it as any other.
  const { out } = await runMain(['runs', '--json'], shop);
  expect(JSON.parse(out)).toMatchObject([{ runId: run?.runId, status: 'promoted' }]);
});

test('a run that found nothing says so, and a second request while one waits is the same run', async () => {
  const [[first], [second]] = await Promise.all([start({}), start({ dataset: 'shop.sales' })]);
  expect(second?.runId).toBe(first?.runId);
  expect(await endOf(first?.runId ?? '')).toMatchObject({ status: 'nothing-to-do' });
  expect(await (await service.ask(`/runs/${first?.runId}`)).text()).toContain('Nothing was pending');
});

test('a dataset without a contract, or of Gold, can not be run', async () => {
  for (const [dataset, status] of [
    ['shop.none', 404],
    ['shop.monthly_sales', 404],
  ] as const)
    expect([dataset, (await service.post('/v1/runs', { dataset })).status]).toEqual([dataset, status]);
});

test('the button of a page starts one and leads to it', async () => {
  await ingest('b.csv', `${HEADER}3,Cem,1.10,2024-02-02\n`);
  const cookie = await service.signIn();
  const page = await (await service.send('/datasets/shop.sales', { headers: { cookie } })).text();
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page) ?? [];
  expect(page).toContain('Run shop.sales</button>');
  const answer = await service.send('/runs', {
    method: 'POST',
    body: new URLSearchParams({ csrf, dataset: 'shop.sales' }),
    headers: { cookie, origin: `http://${HOST}` },
  });
  const [, runId = ''] = /^\/runs\/([\w-]+)$/.exec(answer.headers.get('location') ?? '') ?? [];
  expect([answer.status, (await endOf(runId)).status]).toEqual([303, 'promoted']);
});

test('a run of another process is shown by what it staged, until it ends', async () => {
  await ingest('more.csv', `${HEADER}x1,Ann,1.00,2024-03-01\n`);
  const underWay = async (): Promise<State[]> =>
    ((await service.json('/v1/runs')) as { underWay: State[] }).underWay;
  const staged = async (): Promise<number> =>
    (await readdir(path.join(shop.cwd, 'lake/ops/staging/shop/sales'))).length;
  const before = await staged();
  let seen: State | undefined;
  for await (const _ of haltingRun('lake', 'shop.sales', shop.cwd)) {
    if (seen !== undefined || (await staged()) === before) continue;
    // It stands still; what the service says may be a second old.
    await until('the run is under way', async () => {
      seen = (await underWay())[0];
      return seen !== undefined;
    });
  }
  let left: State[] = [];
  await until(
    'nothing is under way',
    async () => {
      left = await underWay();
      return left.length === 0;
    },
    () => JSON.stringify(left),
  );
  // The folder that the other process made, by its name on disk.
  const recorded = await readdir(path.join(shop.cwd, 'lake/ops/runs/shop/sales'));
  expect(recorded).toContain(`${seen?.runId}.json`);
  expect(seen).toMatchObject({ dataset: 'shop.sales', status: 'running', by: null });
});
