import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { describedAnswers } from './described-answers.ts';
import { type AskedService, openService } from './open-service.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';
/** One record of four can't be read: the run is held. */
const DOUBTFUL = `${HEADER}10,Ann,0.07,2024-01-09\n11,Bob,x,2024-01-10\n12,Eve,5.00,2024-02-11\n13,Cem,3.00,2024-03-01\n`;

let shop: Shop;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
  service = await describedAnswers(await openService(shop.cwd));
});
afterAll(() => shop.dispose());

interface Run {
  readonly runId: string;
  readonly status: string;
  readonly sealDigest: string;
}
async function run(name: string, text: string): Promise<Run> {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  const { json } = await runMainJson(['run'], shop);
  const { runId } = (json as Run[])[0] ?? { runId: '' };
  return (await service.json(`/v1/runs/${runId}`)) as Run;
}
const previewOf = async ({ runId }: Run): Promise<unknown> => await service.json(`/v1/runs/${runId}/preview`);
const month = (
  name: string,
  rows: readonly [number, number],
  sums: readonly [string | null, string | null],
) => ({
  month: name,
  unit: null,
  rows: { before: rows[0], after: rows[1] },
  sums: [{ column: 'amount', before: sums[0], after: sums[1] }],
});

test('the first run of a lake: all months would be new', async () => {
  const held = await run('first.csv', DOUBTFUL);
  expect(held.status).toBe('held');
  expect(await previewOf(held)).toMatchObject({
    sealDigest: held.sealDigest,
    state: 'ready',
    outdated: null,
    reports: [
      {
        report: 'shop.monthly_sales',
        problem: null,
        months: [
          month('2024-01', [0, 1], [null, '0.07']),
          month('2024-02', [0, 1], [null, '5.00']),
          month('2024-03', [0, 1], [null, '3.00']),
        ],
        keyCount: 3,
      },
    ],
  });
  await service.post(`/v1/runs/${held.runId}/refuse`, { reason: 'not yet' });
  const answer = await service.ask(`/v1/runs/${held.runId}/preview`);
  expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ code: 'NOT_HELD' })]);
});

test('the months before and after are what approving then publishes; a closed one would wait', async () => {
  const good = `${HEADER}1,Ann,9007199254740993.01,2024-01-02\n2,Bob,1.00,2024-02-03\n`;
  expect((await run('good.csv', good)).status).toBe('promoted');
  await runMain(['close', 'shop.monthly_sales', '--month', '2024-02', '--reason', 'reported'], shop);
  const held = await run('doubtful.csv', DOUBTFUL.replaceAll(/^1(\d),/gm, '2$1,'));
  const before = await service.json('/v1/reports/shop.monthly_sales');
  expect(await previewOf(held)).toMatchObject({
    reports: [
      {
        closed: ['2024-02'],
        months: [
          month('2024-01', [1, 1], ['9007199254740993.01', '9007199254740993.08']),
          month('2024-02', [1, 1], ['1.00', '6.00']),
          month('2024-03', [0, 1], [null, '3.00']),
        ],
        keyCount: 3,
        keys: [
          {
            change: 'changed',
            values: { amount: { old: '9007199254740993.01', new: '9007199254740993.08' } },
          },
          { change: 'changed', month: '2024-02' },
          { change: 'added', key: { as_of_month: '2024-03-01' } },
        ],
      },
    ],
  });
  // Nothing was published by asking.
  expect(await service.json('/v1/reports/shop.monthly_sales')).toEqual(before);
  const page = (await (await service.ask(`/runs/${held.runId}`)).text()).replaceAll(/<[^>]*>/g, ' ');
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    '2024-01 1 1 9,007,199,254,740,993.01 9,007,199,254,740,993.08',
  );
  expect(page).toContain('closed: it would wait for finance');
  const { runId, sealDigest } = held;
  const approved = await service.post(`/v1/runs/${runId}/approve`, { digest: sealDigest, reason: 'seen' });
  expect(approved.status).toBe(200);
  const after = (await (await service.ask(`/runs/${runId}`)).text()).replaceAll(/<[^>]*>/g, ' ');
  for (const stage of ['plan', 'refine and seal', 'gate and promote', 'gold.shop_monthly_sales'])
    expect(after).toMatch(new RegExp(` ${stage}\\s+20\\d\\d-`));
  expect(after).toContain('4 records: 3 silver, 1 quarantined, 0 condemned, 0 blank');
  expect(await service.json('/v1/reports/shop.monthly_sales')).toMatchObject({
    waiting: ['2024-02'],
    rows: [{ amount: '9007199254740993.08' }, { amount: '1.00' }, { amount: '3.00' }],
  });
});

test('a run that another overtook can’t be told before it is sealed anew', async () => {
  const held = await run('third.csv', DOUBTFUL.replaceAll(/^1(\d),/gm, '3$1,'));
  expect(await previewOf(held)).toMatchObject({ outdated: null });
  expect((await run('good2.csv', `${HEADER}3,Ann,1.00,2024-05-02\n`)).status).toBe('promoted');
  expect(await previewOf(held)).toMatchObject({
    outdated: expect.stringContaining('planning again'),
    reports: [],
  });
});
