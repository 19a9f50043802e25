import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { wantedType } from '../../service/http/media-type.ts';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, openService } from './open-service.ts';

const SALES = `sale_id,customer,amount,sold_on
1,Cem,9007199254740993.25,2024-01-02
2,Dot,2.20,2024-02-03
3,"Eve, of ""A""",5.00,2024-02-04
4,,7.15,2024-02-29
`;
const AT = '/v1/data/shop.sales';

let shop: Shop;
let service: AskedService;
let analyst: AskedService;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('sales.csv', SALES);
  expect((await runMain(['ingest', 'sales.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
  await runMain(['run'], shop);
  service = await openService(shop.cwd);
  analyst = await openService(shop.cwd, { roles: ['analyst'] });
});
afterAll(async () => {
  await service.close();
  await analyst.close();
  await shop.dispose();
});

interface Page {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly next: string | null;
  readonly snapshotId: number;
}
const page = async (query = ''): Promise<Page> => (await service.json(`${AT}?${query}`)) as Page;
const idsOf = ({ rows }: Page): unknown[] => rows.map(({ sale_id }) => sale_id);

describe('GET /v1/data', () => {
  test('CSV is what another parser reads as the file that came, byte by byte what the command prints', async () => {
    const answer = await service.ask(`${AT}?format=csv`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    const text = await answer.text();
    const records = parse(text, { columns: true }) as Record<string, string>[];
    const own = ({ sale_id, customer, amount, sold_on }: Record<string, string>): unknown => [
      sale_id,
      customer,
      amount,
      sold_on,
    ];
    expect(records.map(own)).toEqual((parse(SALES, { columns: true }) as Record<string, string>[]).map(own));
    const { out } = await runMain(
      ['query', 'FROM silver.shop_sales ORDER BY sale_id', '--format', 'csv'],
      shop,
    );
    expect(text).toBe(`${out}\n`);
  });

  test('Parquet is what another reader reads, with exact decimals', async () => {
    const answer = await service.ask(`${AT}?sale_id=2`, {
      headers: { accept: 'application/vnd.apache.parquet' },
    });
    const file = await answer.arrayBuffer();
    const rows = await parquetReadObjects({ file, compressors, columns: ['sale_id', 'amount'] });
    expect(rows).toEqual([{ sale_id: '2', amount: 2.2 }]);
  });

  test('JSON has exact values, and pages whose cursors hold every row once', async () => {
    const ids: unknown[] = [];
    let query = 'limit=3&order=-amount';
    for (let next: string | null = ''; next !== null; query = `limit=3&order=-amount&cursor=${next}`) {
      const one = await page(query);
      ids.push(...idsOf(one));
      next = one.next;
    }
    expect(ids).toEqual(['1', '4', '3', '2']);
    expect((await page('sale_id=1')).rows[0]).toMatchObject({
      amount: '9007199254740993.25',
      sold_on: '2024-01-02',
    });
    expect(await page('limit=4')).toMatchObject({ next: null });
  });

  test('a page of a file says in its headers where it goes on, and of which state it is', async () => {
    const first = await service.ask(`${AT}?limit=3&format=csv`);
    const [, link = ''] = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
    expect((await first.text()).split('\n')).toHaveLength(5);
    const rest = await service.ask(link);
    expect(
      (parse(await rest.text(), { columns: true }) as Record<string, string>[]).map(({ sale_id }) => sale_id),
    ).toEqual(['4']);
    expect(rest.headers.get('link')).toBeNull();
    expect(rest.headers.get('assay-snapshot')).toBe(String((await page()).snapshotId));
  });

  test.each([
    ['month=2024-02', ['2', '3', '4']],
    ['month=2023-12', []],
    ['amount.gt=2.2&amount.lt=9007199254740993.24', ['3', '4']],
    ['customer.isNull=true', ['4']],
    ['sale_id.in=["1","4"]', ['1', '4']],
    ['customer.startsWith=Eve,', ['3']],
    ["customer=x' OR '1'='1", []],
  ])('%s', async (query, ids) => {
    expect(idsOf(await page(query))).toEqual(ids);
  });

  test('is of the state that is asked for', async () => {
    const { snapshotId } = await page();
    expect((await page(`asOf=${snapshotId}`)).rows).toHaveLength(4);
    expect((await service.ask(`${AT}?asOf=2001-01-01`)).status).toBe(404);
  });

  test.each([
    ['nothing=1', 400, 'NO_COLUMN'],
    ['amount.near=1', 400, 'FILTER'],
    ['amount=ten', 400, 'FILTER'],
    ['sale_id.in=1', 400, 'FILTER'],
    ['order=nothing', 400, 'NO_COLUMN'],
    ['cursor=x', 400, 'CURSOR'],
    ['month=2024-13', 400, 'REQUEST'],
    ['limit=0', 400, 'REQUEST'],
    ['format=arrow', 400, 'REQUEST'],
  ])('%s is refused', async (query, status, code) => {
    const answer = await service.ask(`${AT}?${query}`);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
  });

  test('a form that there is not is refused with those there are', async () => {
    const answer = await service.ask(AT, { headers: { accept: 'application/vnd.apache.arrow.stream' } });
    expect(answer.status).toBe(406);
    expect(((await answer.json()) as { detail: string }).detail).toContain('text/csv');
  });

  test('who may not see values gets none, nor by a filter or an order; who may not see Silver gets none of it', async () => {
    const rows = parse(await (await analyst.ask(`${AT}?format=csv`)).text(), { columns: true }) as Record<
      string,
      string
    >[];
    expect(rows.map(({ customer }) => customer)).toEqual(['•••', '•••', '•••', '']);
    expect((await analyst.ask(`${AT}?customer=Cem`)).status).toBe(400);
    expect((await analyst.ask(`${AT}?order=customer`)).status).toBe(400);
    const viewer = await openService(shop.cwd, { roles: ['viewer'] });
    expect((await viewer.ask(AT)).status).toBe(403);
    expect((await viewer.ask('/v1/data/shop.monthly_sales')).status).toBe(200);
    await viewer.close();
  });

  test('readers that go away leave their place to others', async () => {
    for (let n = 0; n < 6; n++) await (await service.ask(`${AT}?format=csv`)).body?.cancel();
    for (let n = 0; n < 6; n++)
      expect((await service.ask(`${AT}?format=csv`, { method: 'HEAD' })).status).toBe(200);
    expect((await service.ask(AT)).status).toBe(200);
  });
});

test.each([
  ['text/html, text/csv;q=0.9, */*;q=0.1', 'csv'],
  ['application/json;q=0.1, text/csv', 'csv'],
  ['text/*', 'csv'],
  ['*/*', 'json'],
  [undefined, 'json'],
  ['text/csv;q=0', undefined],
  ['image/png', undefined],
])('%s wants %s', (accept, format) => {
  expect(wantedType(accept, { json: 'application/json', csv: 'text/csv; charset=utf-8' })).toBe(format);
});
