import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { runMain, runMainJson } from './run-main.ts';
import { DiffJson, ErrorJson, RollbackJson, RunsJson, SnapshotsJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

const json = async (...args: string[]) => {
  const ran = await runMainJson(args, shop);
  return { code: ran.code, json: ran.json };
};
const ingest = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
const run = async () => RunsJson.parse((await json('run')).json);
const publish = async (name: string, text: string) => {
  await ingest(name, text);
  const [first] = await run();
  expect(first?.status).toBe('promoted');
  return { runId: first?.runId ?? '', snapshotId: first?.snapshotId ?? 0 };
};
const rollback = async (to: number) => {
  const { code, json: printed } = await json(
    ...['rollback', 'shop.sales', '--to', String(to), '--reason', 'test data', '--by', 'ann'],
  );
  expect(code).toBe(0);
  return RollbackJson.parse(printed);
};
const query = async (sql: string, ...args: string[]) => (await json('query', sql, ...args)).json;
const sales = () =>
  query(
    `SELECT (SELECT count(*) FROM silver.shop_sales) AS silver, (SELECT count(DISTINCT sale_id) FROM silver.shop_sales) AS ids,
       (SELECT count(*) FROM quarantine.shop_sales) AS quarantined, (SELECT count(*) FROM ops.source_files) AS files,
       (SELECT CAST(sum(amount) AS VARCHAR) FROM gold.shop_monthly_sales) AS gold`,
  );

describe('rollback', () => {
  test('takes back all four tables and Gold, and no run publishes the files again by itself', async () => {
    const one = await publish('one.csv', goodSales(1, 3));
    const two = await publish('two.csv', badSales(10, 12, goodSales(4, 7).split('\n').slice(1).join('\n')));
    expect(await sales()).toEqual([{ silver: 7, ids: 7, quarantined: 2, files: 2, gold: '8.75' }]);
    expect(await rollback(one.snapshotId)).toMatchObject({
      from: two.snapshotId,
      to: one.snapshotId,
      version: 3,
      rolledBack: [{ runId: two.runId, files: [expect.stringContaining('two.csv')] }],
      restored: [],
      gold: [{ table: 'gold.shop_monthly_sales', restated: 2 }],
    });
    const before = [{ silver: 3, ids: 3, quarantined: 0, files: 1, gold: '3.75' }];
    expect(await sales()).toEqual(before);
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
    expect((await runMain(['run'], shop)).out).toContain('1 file set aside with the rolled-back run');
    // Neither the same bytes under another name nor another contract bring them back.
    await ingest('again.csv', badSales(10, 12, goodSales(4, 7).split('\n').slice(1).join('\n')));
    expect((await run())[0]?.files).toMatchObject([{ status: 'repeat' }]);
    await shop.write('contracts/shop/sales.yaml', salesContract('{ maxQuarantineRate: 0.8 }'));
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
    expect(await sales()).toEqual([{ ...before[0], files: 2 }]);
    expect(await query(`SELECT status, why FROM ops.runs WHERE run_id = '${two.runId}'`)).toEqual([
      { status: 'rolled-back', why: ['rolled back by ann: test data'] },
    ]);
    expect(await query('SELECT kind, "by", details.to AS "to" FROM ops.decisions')).toMatchObject([
      { kind: 'rolled-back', by: 'ann', to: one.snapshotId },
    ]);
    expect(
      await query('SELECT count(*) AS n FROM silver.shop_sales', '--as-of', `${two.snapshotId}`),
    ).toEqual([{ n: 7 }]);
    const listed = SnapshotsJson.parse((await json('snapshots', 'shop.sales')).json);
    expect(listed.filter(({ isCurrent }) => isCurrent)).toMatchObject([{ snapshotId: one.snapshotId }]);
  });

  test('what was taken back is published exactly once when it is readmitted, under today’s contract', async () => {
    const one = await publish('one.csv', goodSales(1, 3));
    const two = await publish('two.csv', goodSales(4, 7));
    await rollback(one.snapshotId);
    expect((await json('readmit', two.runId, '--reason', 'was right')).code).toBe(0);
    const [again] = await run();
    expect(again).toMatchObject({ status: 'promoted', counts: { silver: 4 } });
    expect(await sales()).toEqual([{ silver: 7, ids: 7, quarantined: 0, files: 2, gold: '8.75' }]);
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
  });

  test('is undone by going to the later snapshot, whose files are then published again, and not pending', async () => {
    const one = await publish('one.csv', goodSales(1, 3));
    const two = await publish('two.csv', goodSales(4, 7));
    await rollback(one.snapshotId);
    const three = await publish('three.csv', goodSales(8, 8));
    expect(await rollback(two.snapshotId)).toMatchObject({
      rolledBack: [{ runId: three.runId }],
      restored: [{ runId: two.runId }],
    });
    expect(await sales()).toEqual([{ silver: 7, ids: 7, quarantined: 0, files: 2, gold: '8.75' }]);
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
    expect(await query('SELECT run_id, status FROM ops.runs ORDER BY started_at')).toEqual([
      { run_id: one.runId, status: 'promoted' },
      { run_id: two.runId, status: 'promoted' },
      { run_id: three.runId, status: 'rolled-back' },
    ]);
    const four = await publish('four.csv', goodSales(20, 21));
    expect(await sales()).toEqual([{ silver: 9, ids: 9, quarantined: 0, files: 3, gold: '11.25' }]);
    expect(four.snapshotId).not.toBe(three.snapshotId);
  });

  test('killed at any step, loses and doubles nothing, and a repeat finishes it', async () => {
    const one = await publish('one.csv', goodSales(1, 3));
    await publish('two.csv', goodSales(4, 7));
    const options = {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    };
    const word = { by: 'ann', reason: 'test data' };
    let steps = 0;
    for (let last = 1; ; last++) {
      const lake = await openLake(path.join(shop.cwd, 'lake'), options);
      const { objects, data } = lake.effects;
      let step = 0;
      const dying =
        <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
        (...args: A): Promise<R> =>
          ++step >= last ? Promise.reject(new Error('killed')) : change(...args);
      const doomed = {
        ...lake.effects,
        objects: { ...objects, put: dying(objects.put), remove: dying(objects.remove) },
        data: { ...data, publish: dying(data.publish) },
      };
      const request = { dataset: 'shop.sales', to: one.snapshotId };
      const killed = await rollBack(doomed, request, word).then(
        () => false,
        () => true,
      );
      const [seen] = (await sales()) as { silver: number; files: number }[];
      expect([
        [3, 1],
        [7, 2],
      ]).toContainEqual([seen?.silver, seen?.files]);
      expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
      await rollBack(lake.effects, request, word);
      expect(await sales()).toEqual([{ silver: 3, ids: 3, quarantined: 0, files: 1, gold: '3.75' }]);
      if (!killed) break;
      // And forward again, for the next step to have something to take back.
      const newest = SnapshotsJson.parse((await json('snapshots', 'shop.sales')).json)[0];
      await rollback(newest?.snapshotId ?? 0);
      steps = last;
    }
    expect(steps).toBeGreaterThan(8);
  }, 600_000);

  test('refuses a snapshot that there isn’t, a Gold table, and to go without a reason', async () => {
    const one = await publish('one.csv', goodSales(1, 3));
    const codeOf = async (...args: string[]) =>
      ErrorJson.parse((await json('rollback', ...args)).json).error.code;
    expect(await codeOf('shop.sales', '--to', '12345', '--reason', 'x')).toBe('NO_SNAPSHOT');
    expect(await codeOf('shop.sales', '--to', String(one.snapshotId))).toBe('USAGE');
    expect(await codeOf('shop.sales', '--to', 'yesterday', '--reason', 'x')).toBe('USAGE');
    expect(await codeOf('shop.monthly_sales', '--to', '1', '--reason', 'x')).not.toBe('NO_SNAPSHOT');
    expect(await rollback(one.snapshotId)).toMatchObject({
      from: one.snapshotId,
      version: 1,
      rolledBack: [],
    });
  });
});

describe('diff', () => {
  test('names what came, went and changed by month and key, with the sums of the measures', async () => {
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract().replace(
        'customProperties:\n',
        'customProperties:\n      - property: assay.duplicates\n        value: replace\n',
      ),
    );
    const one = await publish('one.csv', goodSales(1, 3));
    const two = await publish(
      'two.csv',
      'sale_id,customer,amount,sold_on\n2,"Customer, 2",9.00,2024-03-03\n9,New,1.00,2024-04-01\n',
    );
    const { code, json: printed } = await json(
      ...['diff', 'shop.sales', String(one.snapshotId), String(two.snapshotId)],
    );
    expect({ code, diff: DiffJson.parse(printed) }).toEqual({
      code: 0,
      diff: {
        dataset: 'shop.sales',
        from: one.snapshotId,
        to: two.snapshotId,
        rowsAdded: 2,
        rowsRemoved: 1,
        months: [
          {
            month: '2024-03',
            rowsAdded: 1,
            rowsRemoved: 1,
            measures: [{ measure: 'amount', by: null, added: '9.00', removed: '1.25' }],
          },
          {
            month: '2024-04',
            rowsAdded: 1,
            rowsRemoved: 0,
            measures: [{ measure: 'amount', by: null, added: '1.00', removed: '0.00' }],
          },
        ],
        keyCount: 2,
        keys: [
          {
            change: 'changed',
            month: '2024-03',
            key: { sale_id: '2' },
            values: { amount: { old: '1.25', new: '9.00' } },
          },
          {
            change: 'added',
            month: '2024-04',
            key: { sale_id: '9' },
            values: {
              customer: { old: null, new: '•••' },
              amount: { old: null, new: '1.00' },
              sold_on: { old: null, new: '2024-04-01' },
            },
          },
        ],
      },
    });
    const text = await runMain(['diff', 'shop.sales', `${two.snapshotId}`, `${one.snapshotId}`], shop);
    expect(text.out).toMatch(/1 row added, 2 rows removed[\s\S]*2024-04 +removed +9/);
    const gold = SnapshotsJson.parse((await json('snapshots', 'shop.monthly_sales')).json);
    const goldDiff = await json(
      'diff',
      'shop.monthly_sales',
      ...gold.map((one) => `${one.snapshotId}`).reverse(),
    );
    expect(DiffJson.parse(goldDiff.json)).toMatchObject({
      keys: [
        { change: 'changed', month: '2024-03', values: { amount: { old: '3.75', new: '11.50' } } },
        { change: 'added', month: '2024-04' },
      ],
    });
    expect((await json('diff', 'shop.sales', '1', `${two.snapshotId}`)).code).toBe(2);
  });
});
