import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import { QuarantineListJson, RunsJson } from './shapes.ts';
import { openShop, salesContract } from './shop.ts';

const HEADER = 'sale_id,customer,amount,sold_on';
const ON = ['--dataset', 'shop.sales', '--reason', 'ticket 1', '--by', 'ann'];

/** Without a column: the hash of every record is another one. */
const NEXT = salesContract()
  .replace('version: 1.0.0', 'version: 2.0.0')
  .replace(/ {6}- name: customer\n(?: {8}.*\n)+/, '');

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop('{ maxQuarantineRate: 1, smallBatchRecords: 1000 }');
});
afterAll(() => shop.dispose());

const { json, ok } = commandsIn(() => shop);
const drop = async (name: string, ...lines: string[]) => {
  await shop.write(name, `${[HEADER, ...lines].join('\n')}\n`);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
  return RunsJson.parse((await json('run')).json)[0];
};
const query = async (sql: string) => (await json('query', sql)).json;
const list = async (...args: string[]) =>
  QuarantineListJson.parse((await json('quarantine', 'list', ...args)).json)[0]?.records ?? [];
const recordOf = async (id: string): Promise<string> => {
  const rows = (await query(
    `SELECT row_hash FROM quarantine.shop_sales WHERE record ->> 'sale_id' = '${id}' ORDER BY ingestion_timestamp LIMIT 1`,
  )) as { row_hash: string }[];
  return rows[0]?.row_hash ?? '';
};
const silver = () =>
  query('SELECT sale_id, CAST(amount AS VARCHAR) AS amount FROM silver.shop_sales ORDER BY sale_id');
const states = () =>
  query(
    `SELECT record ->> 'sale_id' AS id, attempt_count, is_open FROM ops.quarantine ORDER BY id, attempt_count`,
  );

const SILVER = [
  { sale_id: '1', amount: '1.00' },
  { sale_id: '2', amount: '5.00' },
];

describe('what people decided, and how often records failed', () => {
  test('stay as they were: the correction is in Silver, and nothing was lost', async () => {
    await drop(
      'a.csv',
      '1,Ann,1.00,2024-01-02',
      '2,Bob,x,2024-01-03',
      '3,Eve,y,2024-01-04',
      '4,Dan,z,2024-01-05',
    );
    await drop('b.csv', '3,Eve,y,2024-01-04');
    await ok('quarantine', 'correct', await recordOf('2'), 'amount=5.00', ...ON);
    await ok('quarantine', 'condemn', await recordOf('4'), ...ON);
    expect(await silver()).toEqual(SILVER);
    const before = await states();
    expect(before).toHaveLength(4);
    await shop.write(
      'contracts/shop/sales.yaml',
      NEXT.replace('maxQuarantineRate: 0.9', 'maxQuarantineRate: 1'),
    );
    expect(await ok('migrate', 'shop.sales', '--reason', 'no customers', '--by', 'ann')).toMatchObject({
      outcome: { lost: 0, gained: 0, rows: { before: 2, after: 2 } },
    });
    expect(await silver()).toEqual(SILVER);
    expect(await ok('audit')).toMatchObject([{ problems: [] }, { problems: [] }]);
  });

  test('follow the records to their new hashes: corrected, condemned, and with as many attempts as before', async () => {
    expect(
      await query('SELECT version, contract_version FROM ops.states ORDER BY version DESC LIMIT 1'),
    ).toMatchObject([{ contract_version: '2.0.0' }]);
    expect((await list()).map(({ state, failures }) => ({ state, failures }))).toEqual([
      { state: 'open', failures: 2 },
    ]);
    const rows = (await query(
      `SELECT record ->> 'sale_id' AS id, bool_or(is_open) AS is_open FROM ops.quarantine GROUP BY ALL ORDER BY id`,
    )) as unknown[];
    expect(rows).toContainEqual({ id: '3', is_open: true });
    expect(rows).not.toContainEqual({ id: '2', is_open: true });
    expect(rows).not.toContainEqual({ id: '4', is_open: true });
  });

  test('and count on: a third failure condemns, and what a person condemned is condemned at once', async () => {
    const run = await drop('c.csv', '3,Eve,y,2024-01-04', '4,Dan,z,2024-01-05');
    expect(run).toMatchObject({ status: 'promoted', counts: { condemned: 2, quarantined: 0 } });
    const codes = (await query(
      `SELECT record ->> 'sale_id' AS id, list_transform(reasons, lambda x: x.code) AS codes FROM condemned.shop_sales
       WHERE run_id = '${run?.runId}' ORDER BY id`,
    )) as { id: string; codes: string[] }[];
    expect(codes.map(({ id }) => id)).toEqual(['3', '4']);
    expect(codes[0]?.codes).toContain('MAX_ATTEMPTS');
    expect(codes[1]?.codes).toContain('PREVIOUSLY_CONDEMNED');
  });
});
