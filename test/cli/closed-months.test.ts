import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { closingsIn, error, type Facts, REPORT, WORD } from './closings-in.ts';
import { runMain } from './run-main.ts';
import { openShop } from './shop.ts';

/** One shop's January through its whole life. Every expected figure is written out by hand. */

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.dispose());

const { json, ok, pointer, dropAndRun, closedCsv, figures } = closingsIn(() => shop);

let asClosed: Buffer;
let firstClosing = '';
let silverOfClosing = 0;

describe('a month that finance closed', () => {
  test('can be closed once, when it is over and has rows; everything else is refused with what to do', async () => {
    expect((await json('close', REPORT, '--month', '2024-01', ...WORD)).json).toMatchObject(
      error('NOT_MADE', 'assay run --dataset shop.sales'),
    );
    await dropAndRun('first.csv', '1,Ann,10.00,2024-01-02', '2,Bob,2.50,2024-01-31', '3,Eve,4.00,2024-02-01');
    const refused = async (code: string, report: string, month: string, says: string) =>
      expect((await json('close', report, '--month', month, ...WORD)).json).toMatchObject(error(code, says));
    await refused('NO_REPORT', 'shop.monthly_sale', '2024-01', 'monthly_sales');
    await refused('MONTH_NOT_OVER', REPORT, '2999-12', '3000-01-01');
    await refused('NO_ROWS', REPORT, '2023-12', `assay report ${REPORT}`);
    await refused('USAGE', REPORT, '2024-13', 'YYYY-MM');
    const closed = (await ok('close', REPORT, '--month', '2024-01', ...WORD)) as Facts;
    expect(closed).toMatchObject({ report: REPORT, month: '2024-01', by: 'finance', rows: 1 });
    firstClosing = closed.closing ?? '';
    await refused('CLOSED_ALREADY', REPORT, '2024-01', firstClosing);
    asClosed = await closedCsv();
    silverOfClosing = (await pointer()).inputs['shop.sales'];
    expect(asClosed.toString()).toBe(
      `as_of_month,sales,amount,silver_snapshot_id\n2024-01-01,2,12.50,${silverOfClosing}\n`,
    );
  });

  test('is kept as Parquet whose digest anybody can compute, and as a tag that other readers know', async () => {
    const [record] = (await ok('query', 'FROM ops.closings')) as Facts[];
    expect(record).toMatchObject({
      id: firstClosing,
      report: REPORT,
      as_of_month: '2024-01-01',
      closed_by: 'finance',
      reason: 'reported to the board',
      is_closed: true,
      rows: 1,
    });
    const bytes = await readFile(path.join(shop.cwd, 'lake', record?.rows_key ?? ''));
    const kept = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors });
    expect(kept.map(({ sales: n, amount }) => [Number(n), amount])).toEqual([[2, 12.5]]);
    // As docs/cli.md says how it is made: by hand.
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    const row = sha('["2024-01-01","2","12.50"]');
    expect(record?.digest).toBe(sha(`["as_of_month","sales","amount"]\n${row}`));
    const { tables, snapshot_id } = await pointer();
    const metadata = JSON.parse(
      await readFile(path.join(shop.cwd, 'lake', tables.gold.metadata_key), 'utf8'),
    );
    expect(metadata.refs).toEqual({
      main: { type: 'branch', 'snapshot-id': snapshot_id },
      [`closed-2024-01-${firstClosing}`]: { type: 'tag', 'snapshot-id': snapshot_id },
    });
    const decisions = await ok(
      'query',
      'SELECT kind, dataset, "by", reason FROM ops.decisions WHERE kind = \'closed\'',
    );
    expect(decisions).toEqual([
      { kind: 'closed', dataset: REPORT, by: 'finance', reason: 'reported to the board' },
    ]);
  });

  test('survives a late file: Silver has it, Gold stays, and finance is told what waits', async () => {
    const run = await dropAndRun('late.csv', '4,Zoe,1.00,2024-01-15', '5,Zoe,7.00,2024-02-15');
    expect(run).toMatchObject({
      status: 'promoted',
      restated: [
        { month: '2024-02', column: 'amount', old: '4.00', new: '11.00' },
        { month: '2024-02', column: 'sales', old: '1', new: '2' },
      ],
      waiting: [
        { month: '2024-01', column: 'amount', old: '12.50', new: '13.50' },
        { month: '2024-01', column: 'sales', old: '2', new: '3' },
      ],
    });
    expect(await ok('query', 'SELECT count(*) AS n, sum(amount) AS total FROM silver.shop_sales')).toEqual([
      { n: 5, total: '24.50' },
    ]);
    expect(await figures()).toEqual([
      { month: '2024-01', sales: 2, amount: '12.50' },
      { month: '2024-02', sales: 2, amount: '11.00' },
    ]);
    const text = (await runMain(['show', String(run?.runId)], shop)).out;
    expect(text).toContain('2 published figures would have changed in closed months');
    expect(text).toContain('waits for finance');
    expect(await ok('report', REPORT)).toMatchObject({ isRestated: true, waiting: ['2024-01'] });
    expect((await runMain(['report', REPORT], shop)).out).toContain('Late data would change 2024-01');
    const [alert] = (await ok(
      'query',
      "SELECT title, next_command FROM ops.alerts WHERE kind = 'figures-restated'",
    )) as Record<string, string>[];
    expect(alert?.title).toContain('would change in 2024-01, which is closed: that waits for a decision');
    expect(alert?.next_command).toBe(`assay restatements ${REPORT}`);
    expect(await closedCsv()).toEqual(asClosed);
  });

  test('is taken by finance under the id that was looked at, and under no other', async () => {
    const [first] = (await ok('restatements', REPORT)) as Facts[];
    expect(first).toMatchObject({ report: REPORT, month: '2024-01', closing: firstClosing });
    await dropAndRun('later.csv', '6,Ian,0.25,2024-01-20');
    const stale = await json('restatements', 'accept', first?.id ?? '', ...WORD);
    const [second] = (await ok('restatements')) as Facts[];
    expect(stale.code).toBe(3);
    expect(stale.json).toMatchObject(error('RESTATEMENT_STALE', second?.id ?? '?'));
    expect((await json('restatements', 'accept', 'nothing', ...WORD)).json).toMatchObject(
      error('NO_RESTATEMENT'),
    );
    expect(second?.figures).toEqual([
      { month: '2024-01', key: { as_of_month: '2024-01-01' }, column: 'amount', old: '12.50', new: '13.75' },
      { month: '2024-01', key: { as_of_month: '2024-01-01' }, column: 'sales', old: '2', new: '4' },
    ]);
    const accepted = (await ok('restatements', 'accept', second?.id ?? '', ...WORD)) as Facts;
    expect(accepted).toMatchObject({ replaces: firstClosing, restatement: second?.id });
    expect(((await figures()) as unknown[])[0]).toEqual({ month: '2024-01', sales: 4, amount: '13.75' });
    expect(await ok('restatements')).toEqual([]);
    // A repeat says the same again.
    expect(await ok('restatements', 'accept', second?.id ?? '', ...WORD)).toEqual(accepted);
    expect((await closedCsv()).toString()).toMatch(
      /^as_of_month,sales,amount,silver_snapshot_id\n2024-01-01,4,13.75,\d+\n$/,
    );
    expect(await closedCsv('--closing', firstClosing)).toEqual(asClosed);
    expect(
      await ok('query', 'SELECT id, is_closed, ended_how, replaces FROM ops.closings ORDER BY closed_at'),
    ).toEqual([
      { id: firstClosing, is_closed: false, ended_how: 'replaced', replaces: null },
      { id: accepted.closing, is_closed: true, ended_how: null, replaces: firstClosing },
    ]);
  });
});
