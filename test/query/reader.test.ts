import { access, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { engineProcesses } from '../../adapters/local/engine-process/engine-process.ts';
import type { Classification } from '../../etl/contract/contract.ts';
import type { EngineApart } from '../../etl/engine/engine-apart.ts';
import { SCHEMAS } from '../../etl/query/lake-tables.ts';
import { OPS_TABLES } from '../../etl/query/ops-tables.ts';
import type { Reader, TableSchema } from '../../etl/query/reader.ts';
import { READER_FUNCTIONS, READER_TABLE_FUNCTIONS } from '../../etl/query/reader-functions.ts';
import { runQuery } from '../../etl/query/run-query.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const CONTRACT = contractText({
  dataset: 'shop.orders',
  partitionColumn: 'ordered_on',
  columns: [
    { name: 'id', key: true },
    { name: 'ordered_on', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)' },
    { name: 'buyer', classification: 'personal' },
  ],
});

let lake: TestLake;
let apart: EngineApart;

beforeAll(async () => {
  lake = await testLake({ contracts: [CONTRACT] });
  await lake.dropAndRun({
    'a.csv':
      'id,ordered_on,amount,buyer\n1,2024-05-01,10.50,Zoe\n2,2024-05-02,20.25,Yan\n3,2024-05-03,x,Xia\n',
  });
  apart = await open();
});
afterAll(async () => {
  await apart.dispose();
  await lake.dispose();
});

function open(): Promise<EngineApart> {
  const { engine, openScratch } = lake.lake.effects;
  return engineProcesses({ ...engine, memoryLimitMb: 256, threads: 1, spillLimitMb: 100 }, openScratch)();
}

type Seen = TableSchema | keyof typeof OPS_TABLES;
const isOps = (name: Seen): name is keyof typeof OPS_TABLES => name in OPS_TABLES && name !== 'quarantine';

/** A reader of schemas, and of some tables of ops. */
function reader(seen: readonly Seen[], hidden: readonly Classification[] = []): Reader {
  const ops = seen.filter(isOps);
  const schemas = seen.filter((name): name is TableSchema => !isOps(name));
  return { schemas: new Set(schemas), ops: new Set(ops), hidden: new Set(hidden) };
}
const ANALYST = reader(['silver', 'gold', 'runs'], ['personal']);

/** What a reader is answered. One engine serves all: what the question before left in it goes. */
async function ask(sql: string, who: Reader = ANALYST): Promise<readonly unknown[][]> {
  for (const schema of SCHEMAS) await apart.engine.run(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  const answer = await runQuery(apart.engine, lake.lake.effects, { sql, asOf: { kind: 'now' }, reader: who });
  return await answer.rows(0, 100);
}

describe('a reader asks what an analyst would', () => {
  test.each([
    ['SELECT count(*), sum(amount) FROM silver.shop_orders', [['2', '30.75']]],
    ['FROM silver.shop_orders SELECT id ORDER BY amount DESC LIMIT 1', [['2']]],
    ['WITH big AS (FROM silver.shop_orders WHERE amount > 15) SELECT count(*) FROM BIG', [['1']]],
    [
      'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT max(n) FROM t',
      [[4]],
    ],
    ['SELECT list_transform([1, 2], lambda x: x + 1)', [[[2, 3]]]],
    [
      "SELECT strftime(ordered_on, '%B'), rank() OVER (ORDER BY amount) FROM silver.shop_orders",
      expect.anything(),
    ],
    ['SELECT u FROM (SELECT unnest([3, 4]) AS u)', [[3], [4]]],
    ['SELECT sum(range) FROM range(4)', [['6']]],
    ["PIVOT silver.shop_orders ON id IN ('1', '2') USING sum(amount) GROUP BY ordered_on", expect.anything()],
    [
      'SELECT id FROM silver.shop_orders s WHERE EXISTS (FROM silver.shop_orders WHERE amount > s.amount)',
      [['1']],
    ],
    ['SUMMARIZE silver.shop_orders', expect.anything()],
    ['SELECT status, silver FROM ops.runs', [['promoted', '2']]],
    ["SELECT 1e3, '-- no comment', $$a;b$$", [[1000, '-- no comment', 'a;b']]],
    ["SELECT table_name FROM information_schema.tables WHERE table_schema = 'silver'", [['shop_orders']]],
  ])('%s', async (sql, rows) => {
    expect(await ask(sql)).toEqual(rows);
  });
});

describe('a reader reaches nothing but tables of the lake', () => {
  test.each([
    "FROM read_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    'FROM "/etc/passwd"',
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT (SELECT content FROM read_blob('/etc/hostname'))",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table(['silver.shop_orders'])",
    "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
    "WITH t AS (FROM read_csv('/etc/passwd')) SELECT 1",
    'WITH t AS (FROM t) FROM t',
    "FROM silver.shop_orders, LATERAL (FROM glob('/*'))",
    "SELECT count(*) FILTER (id IN (SELECT file FROM glob('/*'))) FROM silver.shop_orders",
    "SELECT row_number() OVER (ORDER BY (SELECT max(content) FROM read_text('/etc/hostname')))",
    "PIVOT (FROM glob('/*')) ON file IN ('a') USING count(*)",
    "FROM silver.shop_orders POSITIONAL JOIN (FROM parquet_metadata('/x'))",
    'FROM duckdb_settings()',
    'FROM duckdb_views()',
    'FROM information_schema.views',
    'FROM pg_catalog.pg_views',
    'FROM sqlite_master',
    'FROM memory.silver.shop_orders',
    'FROM system.main.sqlite_master',
    'FROM temp."assay answer"',
    'FROM "assay answer"',
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('x')",
    "SELECT main.getenv('HOME')",
    "SELECT 'x'.getenv()",
    'SELECT system.main.pg_sleep(1)',
    'SELECT sleep_ms(10)',
    "SELECT json_serialize_sql('SELECT 1')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT nextval('s')",
    "SELECT write_log('x')",
    'SELECT stats(buyer) FROM silver.shop_orders',
    'SELECT $1',
    'PIVOT silver.shop_orders ON id USING count(*)',
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "COPY silver.shop_orders FROM '/etc/passwd'",
    "ATTACH '/tmp/x.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    "SET memory_limit = '100GB'",
    'RESET memory_limit',
    'PRAGMA database_list',
    'CALL pragma_version()',
    'EXPLAIN SELECT 1',
    'CREATE TABLE x (a INT)',
    'DROP VIEW silver.shop_orders',
    'DELETE FROM silver.shop_orders',
    "INSERT INTO silver.shop_orders VALUES ('1')",
    'PREPARE q AS SELECT 1',
    'BEGIN',
    "EXPORT DATABASE '/tmp/x'",
    'SELECT 1; SELECT 2',
    "SELECT 1; COPY (SELECT 1) TO '/tmp/x'",
  ])('%s', async (sql) => {
    await expect(ask(sql)).rejects.toMatchObject({ name: 'ConfigError', code: 'SQL' });
  });

  test('a schema that is not theirs is not there', async () => {
    await expect(ask('FROM quarantine.shop_orders')).rejects.toMatchObject({ code: 'NO_TABLE' });
    await expect(ask('FROM ops.quarantine')).rejects.toMatchObject({ code: 'NO_TABLE' });
    const names = await ask('SELECT table_name FROM information_schema.tables');
    expect(names.flat().sort()).toEqual(['runs', 'shop_orders']);
    const tables = await ask('SHOW TABLES');
    expect(tables.map(([name]) => String(name).split('.')[0])).not.toContain('quarantine');
    const catalog = await ask(
      "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema <> 'main'",
      reader(['silver']),
    );
    expect(catalog).toEqual([['silver']]);
    await expect(ask('FROM silver.shop_order')).rejects.toThrow("did you mean 'silver.shop_orders'");
    expect(await ask('FROM quarantine.shop_orders SELECT count(*)', reader(['quarantine']))).toEqual([['1']]);
  });

  test('a function that a query may call is one of DuckDB', async () => {
    const rows = await apart.engine.rows(
      'SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()',
    );
    const there = new Set(rows.map(({ name }) => name));
    expect([...READER_FUNCTIONS, ...READER_TABLE_FUNCTIONS].filter((name) => !there.has(name))).toEqual([]);
  });
});

describe('a value that a reader may not see', () => {
  test('is masked, and stays NULL where it is', async () => {
    expect(await ask('SELECT DISTINCT buyer FROM silver.shop_orders')).toEqual([['•••']]);
    const open = reader(['silver']);
    expect(await ask('SELECT buyer FROM silver.shop_orders ORDER BY id', open)).toEqual([['Zoe'], ['Yan']]);
  });

  test('does not show in records that failed', async () => {
    const ops = new Set(['quarantine'] as const);
    const steward = { ...reader(['quarantine']), ops };
    const masked = { ...reader(['quarantine'], ['personal']), ops };
    for (const table of ['quarantine.shop_orders', 'ops.quarantine']) {
      expect(JSON.stringify(await ask(`SELECT record FROM ${table}`, steward))).toContain('Xia');
      expect(await ask(`SELECT record FROM ${table}`, masked)).toEqual([['•••']]);
    }
  });

  test("is not told by an error's text", async () => {
    const told = ask('SELECT CAST(buyer AS INTEGER) FROM silver.shop_orders');
    await expect(told).rejects.toThrow(/^(?!.*(Zoe|Yan))/s);
  });
});

describe('an engine in a process of its own', () => {
  test('refuses what needs more memory, and stays', async () => {
    await expect(ask("SELECT repeat('x', 1000000000)")).rejects.toMatchObject({ code: 'QUERY_MEMORY' });
    await expect(ask('SELECT list(range) FROM range(300000000)')).rejects.toMatchObject({
      code: 'QUERY_MEMORY',
    });
    expect(await ask('SELECT 1')).toEqual([[1]]);
  });

  test('is ended while it works; whoever waits is told why, and so is whoever comes later', async () => {
    const { engine, scratch, end, dispose } = await open();
    const why = Object.assign(new Error('enough'), { code: 'QUERY_TIME' });
    const waiting = engine.rows(
      'SELECT count(*) FROM range(100000) a, range(100000) b WHERE hash(a.range, b.range) % 7 = 1',
    );
    end(why as never);
    await expect(waiting).rejects.toThrow('enough');
    await expect(engine.rows('SELECT 1')).rejects.toThrow('enough');
    await access(scratch.directory);
    await dispose();
    await expect(access(scratch.directory)).rejects.toThrow('ENOENT');
  });

  test('has nothing of the environment, and its system limits its memory', async () => {
    const { engine, dispose } = await open();
    const [row] = await engine.rows('SELECT 1 AS one');
    expect(row).toEqual({ one: 1 });
    const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
    const pid = children.trim().split(' ').at(-1);
    expect(await readFile(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max data size +805306368 +805306368/);
    const names = (await readFile(`/proc/${pid}/environ`, 'utf8'))
      .split('\0')
      .map((one) => one.split('=')[0]);
    expect(names.filter((name) => /ASSAY|AWS|SECRET|TOKEN|HOME/.test(name ?? ''))).toEqual([]);
    await dispose();
  });
});
