import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { closingsIn, error, type Facts, POINTER, REPORT, WORD } from './closings-in.ts';
import { openShop, salesContract } from './shop.ts';

/** What else is done to a lake, and a January that was closed, and closed anew after a late file. Figures are by hand. */

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
  await dropAndRun('first.csv', '1,Ann,10.00,2024-01-02', '2,Bob,2.50,2024-01-31', '3,Eve,4.00,2024-02-01');
  silverOfClosing = (await pointer()).inputs['shop.sales'];
  firstClosing = ((await ok('close', REPORT, '--month', '2024-01', ...WORD)) as Facts).closing ?? '';
  asClosed = await closedCsv();
  await dropAndRun('late.csv', '4,Zoe,1.00,2024-01-15', '5,Zoe,7.00,2024-02-15', '6,Ian,0.25,2024-01-20');
  const [waiting] = (await ok('restatements', REPORT)) as Facts[];
  await ok('restatements', 'accept', waiting?.id ?? '', ...WORD);
});
afterAll(() => shop.dispose());

const { json, ok, pointer, dropAndRun, closedCsv, figures } = closingsIn(() => shop);

let asClosed: Buffer;
let firstClosing = '';
let silverOfClosing = 0;

describe('a closed month through everything that is done to a lake', () => {
  const isAsClosed = async () => expect(await closedCsv('--closing', firstClosing)).toEqual(asClosed);
  const january = async () => ((await figures()) as Facts[])[0];
  const audited = async () =>
    ((await json('audit', '--dataset', REPORT)).json as { problems: Facts[] }[]).flatMap(
      ({ problems }) => problems,
    );

  test('a rollback takes back what is open, and leaves what is closed', async () => {
    await dropAndRun('march.csv', '7,Kim,3.00,2024-03-03', '8,Kim,1.00,2024-01-03');
    expect(await january()).toEqual({ month: '2024-01', sales: 4, amount: '13.75' });
    const [waiting] = (await ok('restatements')) as Facts[];
    await ok('rollback', 'shop.sales', '--to', String(silverOfClosing), ...WORD);
    expect(await figures()).toEqual([
      { month: '2024-01', sales: 4, amount: '13.75' },
      { month: '2024-02', sales: 1, amount: '4.00' },
    ]);
    const [after] = (await ok('restatements')) as Facts[];
    expect(after?.id).not.toBe(waiting?.id);
    expect(after?.figures).toMatchObject([
      { old: '13.75', new: '12.50' },
      { old: '4', new: '2' },
    ]);
    expect(await audited()).toEqual([]);
    expect(
      ((await json('health', '--dataset', REPORT)).json as { ailments: Facts[] }[])[0]?.ailments,
    ).toMatchObject([{ code: 'RESTATEMENT', next: `restatements ${REPORT}` }]);
    await isAsClosed();
  });

  test('upkeep keeps the Silver that it was made from, and a figure is followed into it', async () => {
    await dropAndRun('april.csv', '9,Lea,5.00,2024-04-03');
    await ok('expire', 'shop.sales', '--older-than', '0m', ...WORD);
    await ok('expire', REPORT, '--older-than', '0m', ...WORD);
    await ok('vacuum', '--older-than', '1h');
    const kept = (await ok('snapshots', 'shop.sales')) as { snapshotId: number }[];
    expect(kept.map(({ snapshotId }) => snapshotId)).toContain(silverOfClosing);
    const traced = (await ok('lineage', REPORT, 'as_of_month=2024-01-01')) as { inputs: Facts[] };
    expect(traced).toMatchObject({
      figure: { sales: '4', amount: '13.75' },
      closing: { by: 'finance' },
      inputs: [{ rows: 4, measures: { amount: '13.75' } }],
    });
    expect(await audited()).toEqual([]);
    await isAsClosed();
  });

  test('a new major version changes what waits, and not what is closed', async () => {
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract().replace('version: 1.0.0', 'version: 2.0.0').replace('DECIMAL(18,2)', 'DECIMAL(18,3)'),
    );
    const done = await ok('migrate', 'shop.sales', ...WORD);
    expect(done).toMatchObject({ run: { status: 'promoted' } });
    expect(await january()).toEqual({ month: '2024-01', sales: 4, amount: '13.75' });
    await isAsClosed();
    expect(await audited()).toEqual([]);
  });

  test('reopened, it follows its inputs at once, and can be closed again', async () => {
    await ok('reopen', REPORT, '--month', '2024-01', ...WORD);
    expect((await json('reopen', REPORT, '--month', '2024-01', ...WORD)).json).toMatchObject(
      error('NOT_CLOSED', 'reopened'),
    );
    expect(await january()).toEqual({ month: '2024-01', sales: 2, amount: '12.50' });
    expect(await ok('restatements')).toEqual([]);
    expect((await json('report', REPORT, '--closed', '--month', '2024-01')).json).toMatchObject(
      error('NOT_CLOSED', '--closing'),
    );
    await isAsClosed();
    const again = (await ok('close', REPORT, '--month', '2024-01', ...WORD)) as Facts;
    expect(again.closing).not.toBe(firstClosing);
    expect(await ok('query', 'SELECT count(*) AS n FROM ops.closings WHERE is_closed')).toEqual([{ n: 1 }]);
    expect(await audited()).toEqual([]);
  });

  test('a pointer that was lost comes back with what is closed', async () => {
    const closed = await closedCsv();
    for (const folder of ['lake', 'lake/.versions'])
      await rm(path.join(shop.cwd, POINTER.replace('lake', folder)), { recursive: true });
    await ok('repair', REPORT, ...WORD);
    expect(await closedCsv()).toEqual(closed);
    expect(await audited()).toEqual([]);
  });

  test('an audit finds closed rows that were altered, in the table and where they are kept', async () => {
    const [record] = (await ok('query', 'FROM ops.closings WHERE is_closed')) as Facts[];
    const file = path.join(shop.cwd, 'lake', record?.rows_key ?? '');
    const bytes = await readFile(file);
    const [replaced] = (await ok('query', 'FROM ops.closings WHERE replaces IS NOT NULL')) as Facts[];
    await writeFile(file, await readFile(path.join(shop.cwd, 'lake', replaced?.rows_key ?? '')));
    expect(await audited()).toMatchObject([{ code: 'CLOSING', key: record?.rows_key }]);
    expect((await json('report', REPORT, '--closed')).json).toMatchObject(error('CLOSED_ROWS_DAMAGED'));
    await writeFile(file, bytes);
    // As if a commit of another engine had given the month other rows: those of the closing before.
    const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    });
    const key = 'gold/shop/monthly_sales/_LATEST.json';
    const change = async (now: Facts | undefined) => {
      const stored = await effects.objects.get(key);
      const { closings, ...rest } = JSON.parse(Buffer.from(stored?.body ?? []).toString());
      const body = JSON.stringify({
        ...rest,
        closings: [{ ...closings[0], id: now?.id, digest: now?.digest }],
      });
      await effects.objects.put(key, Buffer.from(body), { ifMatch: stored?.etag ?? '' });
    };
    await change(replaced);
    expect(await audited()).toContainEqual({
      code: 'CLOSING',
      key: 'gold.shop_monthly_sales',
      problem: `its rows of 2024-01 are not those that the month was closed with (closing ${replaced?.id})`,
    });
    await change(record);
    expect(await audited()).toEqual([]);
  });
});
