import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { askedQuery } from './asked-query.ts';
import { type AskedService, openService } from './open-service.ts';

const SALES = `sale_id,customer,amount,sold_on
1,Cem,9007199254740993.25,2024-01-02
2,Dot,2.20,2024-02-03
3,"Eve, of ""A""",5.00,2024-02-04
`;
const LONG = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) % 7 = 1';

let shop: Shop;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('sales.csv', SALES);
  expect((await runMain(['ingest', 'sales.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
  await runMain(['run'], shop);
  service = await openService(shop.cwd);
});
afterAll(async () => {
  await service.close();
  await shop.dispose();
});

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly rows: unknown[][];
  readonly rowCount: number;
}
async function ask(sql: string, more: object = {}): Promise<Answer> {
  const answer = await askedQuery(service, { sql, ...more });
  if (answer.status !== 200) throw new Error(await answer.text());
  return (await answer.json()) as Answer;
}

describe('SQL', () => {
  test('is answered exactly, with types, page by page', async () => {
    const sql =
      'SELECT sale_id, amount, sold_on, 9007199254740993 AS big FROM silver.shop_sales ORDER BY sale_id';
    const first = await ask(sql, { limit: 2 });
    expect(first).toMatchObject({
      state: 'answered',
      rowCount: 3,
      from: 0,
      columns: [
        { name: 'sale_id', type: 'VARCHAR' },
        { name: 'amount', type: 'DECIMAL(18,2)' },
        { name: 'sold_on', type: 'DATE' },
        { name: 'big', type: 'BIGINT' },
      ],
      rows: [
        ['1', '9007199254740993.25', '2024-01-02', '9007199254740993'],
        ['2', '2.20', '2024-02-03', '9007199254740993'],
      ],
    });
    expect(await service.json(`/v1/queries/${first.id}?from=2`)).toMatchObject({
      from: 2,
      rows: [['3', '5.00', '2024-02-04', '9007199254740993']],
    });
  });

  test('is asked as of a time', async () => {
    const before = await service.post('/v1/query', { sql: 'FROM silver.shop_sales', asOf: '2001-01-01' });
    expect([before.status, await before.json()]).toMatchObject([404, { code: 'NO_SNAPSHOT' }]);
  });

  test.each([
    ['FROM silver.shop_sale', 400, 'NO_TABLE', "did you mean 'silver.shop_sales'"],
    [
      'SELECT nope FROM silver.shop_sales',
      400,
      'SQL',
      'LINE 1: SELECT nope FROM silver.shop_sales\n               ^',
    ],
    ["FROM read_csv('/etc/passwd')", 400, 'SQL', 'read_csv'],
    ['DROP TABLE silver.shop_sales', 400, 'SQL', 'Only queries'],
    ['SELECT 1e400', 400, 'SQL', 'greater than any type'],
    ["SELECT repeat('x', 1000000000)", 400, 'QUERY_MEMORY', 'memory'],
  ])('says what is wrong with %s', async (sql, status, code, text) => {
    const answer = await askedQuery(service, { sql });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await answer.json()) as { detail: string };
    expect([answer.status, problem]).toMatchObject([status, { code }]);
    expect(problem.detail).toContain(text);
  });

  test('that takes long is answered later, and is stopped by its asker', async () => {
    const answer = await service.post('/v1/query', { sql: LONG, waitSeconds: 0.2 });
    const { id, state } = (await answer.json()) as Answer;
    expect([answer.status, state]).toEqual([202, 'running']);
    expect((await service.ask(`/v1/queries/${id}`)).status).toBe(202);
    expect((await service.ask(`/v1/queries/${id}/file`)).status).toBe(409);
    const stopped = await service.ask(`/v1/queries/${id}`, { method: 'DELETE' });
    expect(await stopped.json()).toEqual({ cancelled: true });
    expect((await service.ask(`/v1/queries/${id}`)).status).toBe(404);
  });

  test('of those who may not see personal values shows none, and no failed records', async () => {
    const analyst = await openService(shop.cwd, { roles: ['analyst'] });
    const seen = await askedQuery(analyst, { sql: 'SELECT DISTINCT customer FROM silver.shop_sales' });
    expect(await seen.json()).toMatchObject({ rows: [['•••']] });
    const hidden = await askedQuery(analyst, { sql: 'FROM quarantine.shop_sales' });
    expect(await hidden.json()).toMatchObject({ code: 'NO_TABLE' });
    await analyst.close();
  });
});

describe('an answer as a file', () => {
  let id: string;
  beforeAll(async () => {
    ({ id } = await ask('SELECT customer, amount, sold_on FROM silver.shop_sales ORDER BY sale_id'));
  });
  const file = async (format: string): Promise<{ headers: Headers; bytes: Uint8Array }> => {
    const answer = await service.ask(`/v1/queries/${id}/file?format=${format}`);
    expect(answer.status).toBe(200);
    return { headers: answer.headers, bytes: new Uint8Array(await answer.arrayBuffer()) };
  };
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

  test('is CSV as RFC 4180 has it', async () => {
    const { headers, bytes } = await file('csv');
    expect(text(bytes)).toBe(
      'customer,amount,sold_on\nCem,9007199254740993.25,2024-01-02\nDot,2.20,2024-02-03\n"Eve, of ""A""",5.00,2024-02-04\n',
    );
    expect(headers.get('content-disposition')).toBe('attachment; filename="answer.csv"');
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
  });

  test('is JSON, and JSON Lines', async () => {
    const rows = JSON.parse(text((await file('json')).bytes));
    expect(rows[0]).toEqual({ customer: 'Cem', amount: '9007199254740993.25', sold_on: '2024-01-02' });
    const lines = text((await file('jsonl')).bytes)
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
  });

  test('is Parquet that another reader reads', async () => {
    const { bytes } = await file('parquet');
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, compressors });
    expect(rows.map(({ customer }) => customer)).toEqual(['Cem', 'Dot', 'Eve, of "A"']);
  });

  test('is a workbook', async () => {
    const { bytes } = await file('xlsx');
    expect(text(bytes.subarray(0, 2))).toBe('PK');
  });
});
