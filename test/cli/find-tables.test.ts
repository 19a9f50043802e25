import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson } from './shapes.ts';
import { goodSales, openShop } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
  await runMain(['ingest', await shop.write('a.csv', goodSales(11, 13)), '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
});
afterAll(() => shop.dispose());

const rows = async (sql: string): Promise<unknown> => {
  const { json, code } = await runMainJson(['query', sql], shop);
  expect([code, json]).toEqual([0, json]);
  return json;
};

describe('DESCRIBE of a table', () => {
  const amount = {
    column_name: 'amount',
    column_type: 'DECIMAL(18,2)',
    null: 'NO',
    key: null,
    description: 'What was paid.',
    classification: 'public',
    owner: 'shop',
  };

  test.each([
    'DESCRIBE silver.shop_sales',
    'DESC "silver"."shop_sales";',
    '-- what is in it?\nDESCRIBE SILVER.shop_sales; -- all of it',
    'SHOW silver.shop_sales /* ; */ ;;',
  ])('says what its columns mean, who owns them and what may be missing: %j', async (sql) => {
    const found = (await rows(sql)) as Record<string, unknown>[];
    expect(found.slice(0, 5).map((row) => [row.column_name, row.null, row.key, row.classification])).toEqual([
      ['sale_id', 'NO', 'PRI', 'public'],
      ['customer', 'YES', null, 'personal'],
      ['amount', 'NO', null, 'public'],
      ['sold_on', 'NO', null, 'public'],
      ['row_hash', 'NO', null, 'internal'],
    ]);
    expect(found).toContainEqual(amount);
  });

  test('of records that failed says that they are as sensitive as what was in them', async () => {
    const found = (await rows('DESCRIBE quarantine.shop_sales')) as Record<string, unknown>[];
    expect(found.find((row) => row.column_name === 'record')).toMatchObject({
      classification: 'personal',
      owner: 'shop',
      description: 'The raw values as JSON, by column',
    });
  });

  test('of anything else is DuckDB’s', async () => {
    expect(await rows('DESCRIBE SELECT amount FROM silver.shop_sales')).toEqual([
      {
        column_name: 'amount',
        column_type: 'DECIMAL(18,2)',
        null: 'YES',
        key: null,
        default: null,
        extra: null,
      },
    ]);
    expect(await rows('SUMMARIZE silver.shop_sales; -- why not')).toContainEqual(
      expect.objectContaining({ column_name: 'amount', count: 3 }),
    );
  });
});

describe('what tables there are', () => {
  test('SHOW TABLES FROM a schema lists its tables alone', async () => {
    expect(await rows('SHOW TABLES FROM silver')).toEqual([
      { table_name: 'silver.shop_sales', description: 'Sales of a small shop.' },
    ]);
    expect(await rows('SHOW TABLES FROM OPS -- all')).toContainEqual(
      expect.objectContaining({ table_name: 'ops.runs' }),
    );
    const { json, code } = await runMainJson(['query', 'SHOW TABLES FROM slver'], shop);
    expect([code, ErrorJson.parse(json).error]).toMatchObject([2, { code: 'NO_SCHEMA' }]);
    expect(ErrorJson.parse(json).error.message).toContain(
      'silver, gold, projection, quarantine, condemned, ops',
    );
  });

  test('information_schema knows every table and column, also those that were never published', async () => {
    const tables =
      "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables ORDER BY ALL";
    const listed = (await rows('SHOW TABLES')) as { table_name: string }[];
    expect(await rows(tables)).toEqual(listed.map(({ table_name: name }) => ({ name })).sort(byName));
    const columns =
      "SELECT column_name, is_nullable, data_type, \"COLUMN_COMMENT\" AS says FROM information_schema.columns WHERE table_schema = 'silver' AND table_name = 'shop_sales' AND ordinal_position < 4 ORDER BY ordinal_position";
    expect(await rows(columns)).toEqual([
      { column_name: 'sale_id', is_nullable: 'NO', data_type: 'VARCHAR', says: "The sale's number." },
      { column_name: 'customer', is_nullable: 'YES', data_type: 'VARCHAR', says: 'Who bought.' },
      { column_name: 'amount', is_nullable: 'NO', data_type: 'DECIMAL(18,2)', says: 'What was paid.' },
    ]);
  });

  test('no catalog of DuckDB knows the table that the answer itself is made in', async () => {
    const listed = (await rows('SHOW TABLES')) as unknown[];
    for (const catalog of ['information_schema.tables', 'duckdb_tables()', 'pg_catalog.pg_tables'])
      expect(await rows(`SELECT count(*) AS n FROM ${catalog}`)).toEqual([{ n: listed.length }]);
    expect(await rows('SELECT DISTINCT table_catalog AS c FROM information_schema.columns')).toHaveLength(1);
    expect(await rows("SELECT 1 FROM duckdb_databases() WHERE database_name ILIKE '%assay%'")).toEqual([]);
  });

  test('information_schema beside the rows of a table leaves both right', async () => {
    const sql = `SELECT (SELECT count(*) FROM silver.shop_sales) AS sales, (SELECT count(*) FROM ops.runs) AS runs, count(*) AS columns
      FROM information_schema.columns WHERE table_schema = 'gold' AND table_name = 'shop_monthly_sales'`;
    const described = (await rows('DESCRIBE gold.shop_monthly_sales')) as unknown[];
    expect(await rows(sql)).toEqual([{ sales: 3, runs: 1, columns: described.length }]);
  });

  test('an unknown table names those that are near, and no others', async () => {
    const messageOf = async (table: string): Promise<string> =>
      ErrorJson.parse((await runMainJson(['query', `FROM ${table}`], shop)).json).error.message;
    expect(await messageOf('silver.sales')).toMatch(
      /^There is no table 'silver\.sales'; did you mean 'silver\.shop_sales'\?\nSHOW TABLES lists all \d+\.$/,
    );
    expect(await messageOf('gold.shop_montly_sales')).toContain("did you mean 'gold.shop_monthly_sales'?");
    expect(await messageOf('customers')).toMatch(/^There is no table 'customers'\.\nSHOW TABLES lists/);
  });
});

test('SQL may begin with a comment', async () => {
  for (const sql of [
    '-- one\nSELECT 1 AS n',
    '--one\n  -- two\nSELECT 1 AS n -- three',
    '/* one */ SELECT 1 AS n',
  ])
    expect(await rows(sql)).toEqual([{ n: 1 }]);
  const options = await runMain(['query', '-- one\nSELECT 1 AS n', '--format', 'csv'], shop);
  expect(options.out).toBe('n\n1');
  expect((await runMain(['query', '--formt', 'csv'], shop)).err).toContain('Did you mean --format?');
});

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
