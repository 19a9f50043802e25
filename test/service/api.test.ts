import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** One sale of three can't be read: the run is held. */
const DOUBTFUL = `sale_id,customer,amount,sold_on
100,Ann,9007199254740993.25,2024-01-02
101,Bob,x,2024-01-03
102,Eve,5.00,2024-01-04
`;
const GOOD = `sale_id,customer,amount,sold_on
1,Cem,1.10,2024-01-02
2,Dot,2.20,2024-01-03
`;

let shop: Shop;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
  service = await openService(shop.cwd);
});
afterAll(() => shop.dispose());

interface Run {
  readonly runId: string;
  readonly status: string;
  readonly sealDigest: string;
  readonly counts: Readonly<Record<string, number>>;
}
const run = async (name: string, text: string): Promise<void> => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
  await runMain(['run'], shop);
};
const runs = async (query = ''): Promise<Run[]> =>
  ((await service.json(`/v1/runs${query}`)) as { runs: Run[] }).runs;

describe('the description', () => {
  test('is OpenAPI 3.1 by the standard’s own schema', async () => {
    const validator = new Validator();
    expect(
      await validator.validate((await service.json('/v1/openapi.json')) as Record<string, unknown>),
    ).toEqual({
      valid: true,
    });
    expect(validator.version).toBe('3.1');
  });
});

describe('an empty lake', () => {
  test('has its contracts, and nothing else', async () => {
    expect(await service.json('/v1/datasets')).toMatchObject({
      datasets: [
        { dataset: 'shop.monthly_sales', layer: 'gold', inputs: ['shop.sales'], publishedAt: null },
        { dataset: 'shop.sales', layer: 'silver', outputs: ['shop.monthly_sales'], snapshotId: null },
      ],
      next: null,
    });
    expect(await service.json('/v1/runs')).toEqual({ runs: [], underWay: [], next: null });
    expect(await service.json('/v1/decisions')).toEqual({ decisions: [], next: null });
    expect(await service.json('/v1/lineage')).toMatchObject({
      links: [{ from: 'shop.sales', to: 'shop.monthly_sales' }],
    });
  });

  test('says of a dataset what its description says', async () => {
    const { columns } = (await service.json('/v1/datasets/shop.sales')) as { columns: object[] };
    expect(Object.keys(columns[0] ?? {})).toEqual(
      expect.arrayContaining(['name', 'type', 'isNullable', 'isKey', 'description', 'classification']),
    );
  });

  test.each([
    '/v1/datasets/s%00.o/quarantine',
    ...['file=%00', 'code=a%00', 'run=%01', 'fil%00e=a'].map(
      (one) => `/v1/datasets/shop.sales/quarantine?${one}`,
    ),
    '/v1/runs?dataset=%7f',
  ])('%s has a control character, and is refused', async (at) => {
    const answer = await service.ask(at);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'REQUEST',
      detail: expect.stringContaining('control character'),
    });
  });

  test('is paged by name', async () => {
    const first = (await service.json('/v1/datasets?limit=1')) as {
      datasets: { dataset: string }[];
      next: string;
    };
    expect(first.datasets.map(({ dataset }) => dataset)).toEqual(['shop.monthly_sales']);
    const second = await service.json(`/v1/datasets?limit=1&cursor=${first.next}`);
    expect(second).toMatchObject({ datasets: [{ dataset: 'shop.sales' }], next: null });
    expect((await service.ask('/v1/datasets?cursor=nonsense!')).status).toBe(400);
    expect((await service.ask('/v1/datasets?limit=0')).status).toBe(400);
    expect((await service.ask('/v1/datasets?limti=1')).status).toBe(400);
  });
});

describe('runs', () => {
  test('a held one is published by its digest, once, under the name of who asked', async () => {
    await run('good.csv', GOOD);
    await run('doubtful.csv', DOUBTFUL);
    const [held, promoted] = await runs();
    expect([held?.status, promoted?.status]).toEqual(['held', 'promoted']);
    expect(held?.counts).toMatchObject({ records: 3, silver: 2, quarantined: 1 });
    expect((await runs('?status=held')).map(({ runId }) => runId)).toEqual([held?.runId]);
    const at = `/v1/runs/${held?.runId}`;

    const seen = await service.ask(at);
    const etag = seen.headers.get('etag') ?? '';
    expect((await service.ask(at, { headers: { 'if-none-match': etag } })).status).toBe(304);

    const other = await service.post(`${at}/approve`, { digest: 'of another', reason: 'r' });
    expect([other.status, await other.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'OTHER_DIGEST' }),
    ]);
    const approval = { digest: held?.sealDigest, reason: 'looked at it' };
    const stale = await service.post(`${at}/approve`, approval, { 'if-match': '"of before"' });
    expect(stale.status).toBe(412);

    const key = { 'if-match': etag, 'idempotency-key': 'k1' };
    const [one, two] = await Promise.all([
      service.post(`${at}/approve`, approval, key),
      service.post(`${at}/approve`, approval, key),
    ]);
    expect([one?.status, two?.status]).toEqual([200, 200]);
    const answers = [await one?.json(), await two?.json()];
    expect(answers[0]).toMatchObject({ runId: held?.runId, status: 'promoted' });
    expect(answers[1]).toEqual(answers[0]);
    // Much later, the same key still gives the same answer; without it, there is nothing to approve any more.
    expect(await (await service.post(`${at}/approve`, approval, key)).json()).toEqual(answers[0]);
    const late = await service.post(`${at}/approve`, approval);
    expect([late.status, await late.json()]).toEqual([409, expect.objectContaining({ code: 'NOT_HELD' })]);
    const reused = await service.post(`${at}/approve`, { ...approval, reason: 'other' }, key);
    expect([reused.status, await reused.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'OTHER_REQUEST' }),
    ]);

    const { decisions } = (await service.json('/v1/decisions')) as { decisions: object[] };
    expect(decisions).toEqual([
      expect.objectContaining({ kind: 'approved', by: 'ann', reason: 'looked at it', runId: held?.runId }),
    ]);
  });

  test('are paged, newest first, without one twice or left out', async () => {
    const all = (await runs()).map(({ runId }) => runId);
    const paged: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page = (await service.json(`/v1/runs?limit=1${next === '' ? '' : `&cursor=${next}`}`)) as {
        runs: Run[];
        next: string | null;
      };
      paged.push(...page.runs.map(({ runId }) => runId));
      next = page.next;
    }
    expect(paged).toEqual(all);
    expect(all).toEqual([...all].sort().reverse());
  });

  test('a held one is refused with a reason', async () => {
    await run('doubtful-2.csv', DOUBTFUL.replaceAll('10', '20'));
    const [held] = await runs('?status=held');
    const answer = await service.post(`/v1/runs/${held?.runId}/refuse`, { reason: 'sent again' });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'refused', why: ['refused by ann: sent again'] }),
    ]);
  });
});

describe('figures', () => {
  test('are exact: a sum beyond 2^53 is text with every digit', async () => {
    // 9007199254740993.25 + 5.00 + 1.10 + 2.20, by hand; a double has no halves there.
    expect(await service.json('/v1/reports/shop.monthly_sales?month=2024-01')).toMatchObject({
      report: 'shop.monthly_sales',
      rowCount: 1,
      rows: [{ as_of_month: '2024-01-01', sales: 4, amount: '9007199254741001.55' }],
    });
    expect(await service.json('/v1/reports/shop.monthly_sales?month=2023-01')).toMatchObject({ rows: [] });
  });

  test('of a report that there isn’t are a 404 with the nearest name', async () => {
    const answer = await service.ask('/v1/reports/shop.monthly_salse');
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({
        code: 'NO_REPORT',
        detail: expect.stringContaining("did you mean 'shop.monthly_sales'?"),
      }),
    ]);
  });
});

describe('records that failed', () => {
  test('are listed with their reasons, and by code', async () => {
    const at = '/v1/datasets/shop.sales/quarantine';
    expect(await service.json(at)).toMatchObject({
      total: 1,
      records: [
        {
          state: 'open',
          sourceRowNumber: 2,
          reasons: [{ column: 'amount', code: 'TYPE_ERROR', value: 'x' }],
        },
      ],
    });
    expect(await service.json(`${at}?code=NULL_VALUE`)).toMatchObject({ total: 0, records: [] });
    expect((await service.ask('/v1/datasets/shop.monthly_sales/quarantine')).status).toBe(404);
  });
});
