import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assay, LAUNCHER } from './assay.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson, QueryFileJson, RunsJson } from './shapes.ts';
import { goodSales, MIXED_SALES, openShop } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
let first: number | null | undefined;
let between: string;

/** A lake with two runs, and a moment between them. */
beforeAll(async () => {
  shop = await openShop();
  const publish = async (text: string, name: string) => {
    await runMain(['ingest', await shop.write(name, text), '--dataset', 'shop.sales'], shop);
    return RunsJson.parse((await runMainJson(['run'], shop)).json)[0]?.snapshotId;
  };
  first = await publish(goodSales(11, 13), 'a.csv');
  await sleep(20);
  between = new Date().toISOString();
  await sleep(20);
  await publish(MIXED_SALES, 'b.csv');
});
afterAll(() => shop.dispose());

const rows = async (sql: string, ...args: string[]): Promise<unknown> =>
  (await runMainJson(['query', sql, ...args], shop)).json;

describe('memory and threads', () => {
  const query = (sql: string, env: Record<string, string>) =>
    runMain(['query', sql, '--format', 'csv'], { cwd: shop.cwd, env });

  test('are taken from the environment', async () => {
    const settings = "SELECT current_setting('memory_limit') AS m, current_setting('threads') AS t";
    const { out } = await query(settings, { ASSAY_MEMORY_MB: '210', ASSAY_THREADS: '1' });
    expect(out).toContain('200.2 MiB,1');
    const greedy = 'SELECT len(list(range)) AS n FROM range(40000000)';
    const short = await query(greedy, { ASSAY_MEMORY_MB: '100' });
    expect(short.code).toBe(3);
    expect(short.err).toMatch(/DuckDB ran out of room at the query \(Out of Memory\)/);
  });

  test.each([
    ['ASSAY_MEMORY_MB', '50', 'from 100 on'],
    ['ASSAY_MEMORY_MB', '1GB', "'1GB'"],
    ['ASSAY_THREADS', '0', 'from 1 on'],
    ['ASSAY_THREADS', '-1', "'-1'"],
  ])('%s=%s is refused', async (name, value, why) => {
    const { code, err } = await query('SELECT 1', { [name]: value });
    expect(code).toBe(2);
    expect(err).toContain(`$${name}`);
    expect(err).toContain(why);
  });
});

describe('formats', () => {
  const SQL = `SELECT sale_id, CAST(sale_id AS BIGINT) AS n, amount, sold_on, customer, NULL AS nothing, '' AS empty,
    9007199254740993 AS big, true AS yes, CAST('{"a": [1]}' AS JSON) AS document
    FROM silver.shop_sales WHERE sale_id IN ('6', '11') ORDER BY n`;

  test('json: integers are numbers, decimals and greater integers are text', async () => {
    expect(await rows(SQL)).toEqual([
      {
        sale_id: '6',
        n: 6,
        amount: '2.00',
        sold_on: '2024-02-01',
        customer: '=cmd()',
        nothing: null,
        empty: '',
        big: '9007199254740993',
        yes: true,
        document: { a: [1] },
      },
      {
        sale_id: '11',
        n: 11,
        amount: '1.25',
        sold_on: '2024-03-03',
        customer: 'Customer, 11',
        nothing: null,
        empty: '',
        big: '9007199254740993',
        yes: true,
        document: { a: [1] },
      },
    ]);
    expect(await rows('SELECT 1 AS one WHERE false')).toEqual([]);
  });

  test('csv: NULL is empty, an empty text is quoted, values are as they are', async () => {
    const { out } = await assay(['query', '-', '--format', 'csv'], {
      ...shop,
      input: `${SQL};\n-- from a file`,
    });
    expect(out).toBe(
      `sale_id,n,amount,sold_on,customer,nothing,empty,big,yes,document\n6,6,2.00,2024-02-01,=cmd(),,"",9007199254740993,true,"{""a"": [1]}"\n11,11,1.25,2024-03-03,"Customer, 11",,"",9007199254740993,true,"{""a"": [1]}"\n`,
    );
  });

  test('table: numbers to the right, wide cells cut, rows counted, no control characters', async () => {
    const { out } = await assay(
      [
        'query',
        `SELECT 'a' || chr(27) || repeat('x', 100) AS wide, range AS n FROM range(9, 12)`,
        '--max-rows',
        '2',
      ],
      shop,
    );
    const [head, one, two] = out.split('\n');
    expect(head).toMatch(/^wide +n$/);
    expect(one).toMatch(/^a␛x{57}… {3}9$/);
    expect(two).toMatch(/… {2}10$/);
    expect(out).toContain('The first 2 of 3 rows');
  });

  test('parquet, csv and json files are whole and read back', async () => {
    const sql = 'SELECT sale_id, amount, sold_on FROM silver.shop_sales ORDER BY sale_id';
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const format of ['parquet', 'csv', 'json']) {
      const out = path.join(shop.cwd, `out/answer.${format}`);
      const { json } = await runMainJson(['query', sql, '--out', out], shop);
      expect(QueryFileJson.parse(json)).toEqual({ out, format, rows: 5 });
      const read = await connection.runAndReadAll(
        `SELECT count(*) AS n, CAST(sum(CAST(amount AS DECIMAL(18,2))) AS VARCHAR) AS total FROM '${out}'`,
      );
      expect(read.getRowsJson()).toEqual([['5', '15.75']]);
    }
    const described = await connection.runAndReadAll(
      `DESCRIBE SELECT * FROM '${path.join(shop.cwd, 'out/answer.parquet')}'`,
    );
    expect(described.getRowsJson().map(([name, type]) => `${name} ${type}`)).toEqual([
      'sale_id VARCHAR',
      'amount DECIMAL(18,2)',
      'sold_on DATE',
    ]);
    connection.closeSync();
    instance.closeSync();
  });

  test('more rows than a page come in order, also through a pipe that closes early', async () => {
    const { out } = await assay(
      ['query', 'SELECT range AS n FROM range(12345) ORDER BY n DESC', '--format', 'csv'],
      shop,
    );
    const lines = out.trimEnd().split('\n');
    expect([lines.length, lines[1], lines.at(-1)]).toEqual([12346, '12344', '0']);
    const script = `"${process.execPath}" "${LAUNCHER}" query "FROM range(3000000)" --format csv | head -n 2; exit \${PIPESTATUS[0]}`;
    const piped = await promisify(execFile)('bash', ['-c', script], { cwd: shop.cwd });
    expect(piped).toMatchObject({ stdout: 'range\n0\n', stderr: '' });
  });
});

describe('as of', () => {
  const SQL = 'SELECT count(*) AS n FROM silver.shop_sales';
  const GOLD = 'SELECT CAST(sum(sales) AS INTEGER) AS n FROM gold.shop_monthly_sales';

  test('now, a snapshot and a time see what was published then, in Silver, Gold and quarantine', async () => {
    expect(await rows(SQL)).toEqual([{ n: 5 }]);
    expect(await rows(GOLD)).toEqual([{ n: 5 }]);
    for (const when of [String(first), between]) {
      expect(await rows(SQL, '--as-of', when)).toEqual([{ n: 3 }]);
      expect(await rows(GOLD, '--as-of', when)).toEqual([{ n: 3 }]);
      expect(await rows('SELECT count(*) AS n FROM quarantine.shop_sales', '--as-of', when)).toEqual([
        { n: 0 },
      ]);
      expect(await rows('SELECT count(*) AS n FROM ops.runs', '--as-of', when)).toEqual([{ n: 1 }]);
    }
  });

  test.each([
    ['1999-01-01', 'nothing was published of silver.shop_sales'],
    ['12345', 'No table has a snapshot 12345'],
    ['2024-02-30T10:00', 'neither a snapshot id nor a time'],
  ])('%s is refused with a word why', async (when, why) => {
    const { code, err } = await runMain(['query', SQL, '--as-of', when], shop);
    expect(code).toBe(2);
    expect(err).toContain(why);
  });
});

describe('what is asked', () => {
  test('ops tables are there, and quarantine says what is open', async () => {
    for (const table of [
      'runs',
      'source_files',
      'quarantine',
      'condemned',
      'alerts',
      'snapshots',
      'states',
      'restatements',
    ]) {
      expect(Array.isArray(await rows(`FROM ops.${table}`))).toBe(true);
    }
    expect(await rows('SELECT count(*) AS n, bool_and(is_open) AS open FROM ops.quarantine')).toEqual([
      { n: 3, open: true },
    ]);
    expect(await rows('SHOW TABLES;')).toContainEqual({
      table_name: 'silver.shop_sales',
      description: 'Sales of a small shop.',
    });
    expect(await rows('DESCRIBE silver.shop_sales')).toContainEqual(
      expect.objectContaining({ column_name: 'amount', column_type: 'DECIMAL(18,2)' }),
    );
    expect(await rows('SELECT reasons[1].code AS code FROM condemned.shop_sales')).toEqual([
      { code: 'DUPLICATE' },
    ]);
  });

  test.each([
    ['FROM shop.sales', 'NO_TABLE', "did you mean 'silver.shop_sales' or"],
    ['FROM silver.nope', 'NO_TABLE', "'silver.nope'.\nSHOW TABLES lists all "],
    ['SELECT kind FROM ops.decisions ORDER BY at LIMIT 1', 'SQL', 'is written in quotes: "at".'],
    ['SELEC 1', 'SQL', 'syntax error'],
    ['SELECT 1; SELECT 2', 'SQL', 'one at a time'],
    ["COPY (SELECT 1) TO 'x.csv'", 'SQL', 'Only queries'],
    ['DROP VIEW silver.shop_sales', 'SQL', 'Only queries'],
    ['SELECT 1) ; DROP SCHEMA silver; SELECT (1', 'SQL', 'syntax error'],
    ['SELECT nope\nFROM silver.shop_sales', 'SQL', 'LINE 1: SELECT nope'],
    ["FROM 'nofile.csv'", 'SQL', 'nofile.csv'],
    ["FROM '/etc/hostname'", 'NO_TABLE', '/etc/hostname'],
    ["FROM read_text('lake/assay-lake.json')", 'SQL', 'Permission'],
    [
      "PIVOT silver.shop_sales ON customer USING sum(amount); COPY (SELECT 1) TO 'lake/ops/x.csv'",
      'SQL',
      'one at a time',
    ],
    [
      'PIVOT silver.shop_sales ON customer USING sum(amount)); DROP SCHEMA silver; FROM (SELECT 1',
      'SQL',
      'syntax error',
    ],
    [
      'PIVOT silver.shop_sales ON customer USING sum(amount); DROP VIEW silver.shop_sales; --',
      'SQL',
      'one at a time',
    ],
    ["FROM silver.shop_sales; COPY (SELECT 1) TO 'lake/ops/x.csv'", 'SQL', 'one at a time'],
    ["DESCRIBE (SELECT 1); COPY (SELECT 1) TO 'lake/ops/x.csv'", 'SQL', 'one at a time'],
    ["EXPORT DATABASE 'lake/ops'", 'SQL', 'Only queries'],
    ["ATTACH 'lake/ops/x.db'", 'SQL', 'Only queries'],
    ['SET threads = 1', 'SQL', 'Only queries'],
    ['CALL enable_logging()', 'SQL', 'Only queries'],
    [
      'SELECT 1 AS é, nope\nFROM silver.shop_sales',
      'SQL',
      'LINE 1: SELECT 1 AS é, nope\n                       ^',
    ],
    ['  SELECT *\n  FROM silver.nope', 'NO_TABLE', "'silver.nope'"],
    ['DESCRIBE silver.nope', 'NO_TABLE', "'silver.nope'"],
    ['DESCRIBE nope.nope', 'NO_TABLE', "'nope.nope'"],
    ['FROM (PIVOT silver.nope ON customer USING sum(amount))', 'NO_TABLE', "nope'"],
    ["SELECT CAST('ZZ' || customer AS INTEGER) FROM silver.shop_sales", 'SQL', 'Conversion error'],
  ])('%s is refused', async (sql, code, text) => {
    const result = await runMainJson(['query', sql], shop);
    expect(result.code).toBe(2);
    const { error } = ErrorJson.parse(result.json);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });

  test('a PIVOT is answered, also with a semicolon and in brackets', async () => {
    const pivot = 'PIVOT (SELECT 1 AS n, true AS b) ON n USING count(*)';
    for (const sql of [pivot, `${pivot};`, `FROM (${pivot})`, `  -- why\n${pivot}`])
      expect(await rows(sql)).toEqual([{ b: true, 1: 1 }]);
  });

  test('a file is read where its folder is named, and nothing is written there', async () => {
    await shop.write('own/lookup.csv', 'a,b\n1,x\n');
    const sql = `FROM '${path.join(shop.cwd, 'own/lookup.csv')}'`;
    expect((await runMain(['query', sql], shop)).code).toBe(2);
    expect(await rows(sql, '--files', 'own')).toEqual([{ a: 1, b: 'x' }]);
    const write = `COPY (SELECT 1) TO '${path.join(shop.cwd, 'own/lookup.csv')}'`;
    expect((await runMain(['query', write, '--files', 'own'], shop)).code).toBe(2);
    expect(await readFile(path.join(shop.cwd, 'own/lookup.csv'), 'utf8')).toBe('a,b\n1,x\n');
  });

  test('an error that quotes a value shows it with --debug only', async () => {
    const sql = "SELECT CAST('ZZSECRET' || customer AS INTEGER) FROM silver.shop_sales";
    const plain = await runMain(['query', sql], shop);
    expect(`${plain.out}${plain.err}`).not.toContain('ZZSECRET');
    expect((await runMain(['query', sql, '--debug'], shop)).err).toMatch(
      /Could not convert string 'ZZSECRET/,
    );
  });

  test('nothing is written into the lake', async () => {
    const before = await readFile(path.join(shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), 'utf8');
    const { code } = await runMain(
      ['query', 'SELECT 1', '--out', 'lake/silver/shop/sales/_LATEST.json', '--format', 'json'],
      shop,
    );
    expect(code).toBe(2);
    expect(await readFile(path.join(shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), 'utf8')).toBe(before);
  });
});
