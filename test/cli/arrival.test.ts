import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { openShop, type Shop, salesContract } from './shop.ts';

/** In which order files came decides which record stays, whatever the files are called. */

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
  await useMode('replace');
});
afterEach(() => shop.dispose());

const useMode = (mode: string, change = (text: string) => text) =>
  shop.write(
    'contracts/shop/sales.yaml',
    change(
      salesContract().replace(
        '      - property: assay.measures',
        `      - property: assay.duplicates\n        value: ${mode}\n      - property: assay.measures`,
      ),
    ),
  );
const file = (amount: string, ids: readonly number[] = [1]): string =>
  `sale_id,customer,amount,sold_on\n${ids.map((id) => `${id},Ann,${amount},2024-01-02\n`).join('')}`;
const ok = async (...args: string[]) => {
  const { code, json } = await runMainJson(args, shop);
  expect({ args, code, json }).toMatchObject({ args, code: 0 });
  return json;
};
const ingest = (...files: string[]) => ok('ingest', ...files, '--dataset', 'shop.sales');
const query = (sql: string) => ok('query', sql);
const amounts = () => query('SELECT sale_id AS id, amount FROM silver.shop_sales ORDER BY 1');
const ledger = () =>
  query(
    "SELECT regexp_extract(source_file, '[^/]+$') AS file, status FROM ops.source_files ORDER BY arrived_at, processed_at",
  );
const ingestedAs = async (name: string): Promise<unknown> => {
  const [{ key, existed }] = (await ingest(name)) as [{ key: string; existed: boolean }];
  return existed ? 'there already' : path.basename(key);
};

describe('files of one run', () => {
  test.each([
    ['replace', '2.00'],
    ['keep-first', '1.00'],
  ])('with %s are in the order in which they were ingested, not of their names', async (mode, amount) => {
    await useMode(mode);
    await shop.write('b-old.csv', file('1.00'));
    await shop.write('a-new.csv', file('2.00'));
    await ingest('b-old.csv');
    await ingest('a-new.csv');
    await ok('run');
    expect(await amounts()).toEqual([{ id: '1', amount }]);
    await ok('audit');
  });

  test('and of one ingest are in the order given, each at a moment of its own', async () => {
    const names = ['z', 'm', 'y', 'b', 'x', 'a'].map((name) => `${name}.csv`);
    for (const [n, name] of names.entries()) await shop.write(name, file(`${n}.00`));
    await ingest(...names);
    await ok('run');
    expect(await amounts()).toEqual([{ id: '1', amount: '5.00' }]);
    expect(await ledger()).toEqual(names.map((name) => ({ file: name, status: 'accepted' })));
    expect(await query('SELECT count(DISTINCT epoch_ms(arrived_at)) AS n FROM ops.source_files')).toEqual([
      { n: names.length },
    ]);
  });

  test('of one name and day count as they came', async () => {
    for (const amount of ['1.00', '3.00', '2.00']) {
      await shop.write('a.csv', file(amount));
      await ingest('a.csv');
    }
    await ok('run');
    expect(await amounts()).toEqual([{ id: '1', amount: '2.00' }]);
    await ok('audit');
  });
});

describe('bytes that come again', () => {
  test('under the same name, the same day, are a new arrival and win over what came between', async () => {
    const names: unknown[] = [];
    for (const amount of ['1.00', '2.00', '1.00', '2.00', '1.00']) {
      await shop.write('a.csv', file(amount));
      names.push(await ingestedAs('a.csv'));
      await ok('run');
      expect(await amounts()).toEqual([{ id: '1', amount }]);
      await ok('audit');
    }
    expect(new Set(names).size).toBe(5);
    expect(await query('SELECT max(attempt_count) AS n, count(*) AS rows FROM silver.shop_sales')).toEqual([
      { n: 0, rows: 1 },
    ]);
    // A file that nothing came after is the same drop, however often it is ingested.
    expect(await ingestedAs('a.csv')).toBe('there already');
  });

  test('under other names too, also in one run, where the last one counts', async () => {
    await shop.write('x.csv', file('1.00', [1, 2]));
    await shop.write('y.csv', file('2.00', [2, 3]));
    await ingest('x.csv');
    await ok('run');
    await ingest('y.csv', 'x.csv');
    await ok('run');
    expect(await amounts()).toEqual([
      { id: '1', amount: '1.00' },
      { id: '2', amount: '1.00' },
      { id: '3', amount: '2.00' },
    ]);
    await shop.write('c.csv', file('2.00', [2, 3]));
    await ingest('c.csv', 'x.csv');
    await ingest('c.csv');
    await ok('run');
    expect(await amounts()).toEqual([
      { id: '1', amount: '1.00' },
      { id: '2', amount: '2.00' },
      { id: '3', amount: '2.00' },
    ]);
    await ok('audit');
    const traced = await ok('lineage', 'shop.sales', 'sale_id=1');
    expect(JSON.stringify(traced)).toMatch(/x~[0-9a-f]{8}(~00000002)?\.csv/);
  });

  test('that failed count no attempt for coming again, and have one place', async () => {
    await shop.write('x.csv', `${file('1.00')}9,Ann,oops,2024-01-02\n`);
    await shop.write('y.csv', file('2.00'));
    for (const name of ['x.csv', 'y.csv', 'x.csv', 'y.csv', 'x.csv', 'y.csv', 'x.csv']) {
      await ingest(name);
      await ok('run');
    }
    expect(await amounts()).toEqual([{ id: '1', amount: '1.00' }]);
    expect(await query('SELECT is_open, attempt_count AS n FROM ops.quarantine WHERE is_open')).toEqual([
      { is_open: true, n: 1 },
    ]);
    await ok('audit');
  });

  test('stay a repeat where records are condemned or the first is kept', async () => {
    await useMode('keep-first');
    await shop.write('x.csv', file('1.00'));
    await shop.write('y.csv', file('2.00'));
    await ingest('x.csv');
    await ingest('y.csv');
    expect(await ingestedAs('x.csv')).toBe('there already');
  });

  test('after a rollback of their return, the arrival before counts again', async () => {
    await shop.write('x.csv', file('1.00'));
    await shop.write('y.csv', file('2.00'));
    await ingest('x.csv');
    await ok('run');
    await ingest('y.csv');
    await ok('run');
    const [{ snapshotId }] = (await ok('snapshots', 'shop.sales')) as [{ snapshotId: number }];
    await ingest('x.csv');
    await ok('run');
    await ok('rollback', 'shop.sales', '--to', String(snapshotId), '--reason', 'r', '--by', 'ann');
    expect(await amounts()).toEqual([{ id: '1', amount: '2.00' }]);
    await ok('audit');
    const runs = (await ok('runs')) as { runId: string; status: string }[];
    const taken = runs.find(({ status }) => status === 'rolled-back')?.runId ?? '';
    await ok('readmit', taken, '--reason', 'r', '--by', 'ann');
    await ok('run');
    expect(await amounts()).toEqual([{ id: '1', amount: '1.00' }]);
    await ok('audit');
  });
});

describe('a record that is judged late', () => {
  const words = ['--reason', 'r', '--by', 'ann'];
  const newest = async () => ((await ok('runs')) as { runId: string; sealDigest: string }[])[0];

  test('because it was corrected doesn’t replace what came after it', async () => {
    await shop.write('x.csv', file('oops', [1, 4]));
    await shop.write('y.csv', file('2.00'));
    await ingest('x.csv', 'y.csv');
    await ok('run');
    const [{ records }] = (await ok('quarantine', 'list')) as [{ records: { record: string }[] }];
    for (const { record } of records)
      await ok('quarantine', 'correct', record, 'amount=1.00', '--dataset', 'shop.sales', ...words);
    await ok('run');
    expect(await amounts()).toEqual([
      { id: '1', amount: '2.00' },
      { id: '4', amount: '1.00' },
    ]);
    await ok('audit');
  });

  test('because its run was held doesn’t, either', async () => {
    const strict = '{ maxQuarantineRate: 0.4, smallBatchRecords: 1 }';
    await useMode('replace', (text) =>
      text.replace(/limits\n +value: .*/, `limits\n        value: ${strict}`),
    );
    await shop.write('x.csv', `${file('1.00', [1, 3])}8,Ann,oops,2024-01-02\n9,Ann,oops,2024-01-02\n`);
    await ingest('x.csv');
    expect((await runMain(['run'], shop)).code).toBe(1);
    const { runId = '', sealDigest = '' } = (await newest()) ?? {};
    await shop.write('y.csv', file('2.00'));
    await ingest('y.csv');
    await ok('run');
    expect(await amounts()).toEqual([{ id: '1', amount: '2.00' }]);
    const approve = async (digest: string) =>
      (await runMain(['approve', runId, '--digest', digest, ...words], shop)).code;
    expect(await approve(sealDigest)).toBe(1);
    const held = (await ok('show', runId)) as { sealDigest: string };
    expect(await approve(held.sealDigest)).toBe(0);
    expect(await amounts()).toEqual([
      { id: '1', amount: '2.00' },
      { id: '3', amount: '1.00' },
    ]);
    await ok('audit');
  });
});

describe('a folder that is looked through again', () => {
  test('brings what is new or was changed, and no old file comes again by it', async () => {
    await shop.write('drops/b-old.csv', file('1.00'));
    await ingest('drops');
    await ok('run');
    await shop.write('drops/a-new.csv', file('2.00'));
    expect(await ingest('drops')).toMatchObject([{ existed: false }, { existed: true }]);
    await ok('run');
    expect(await amounts()).toEqual([{ id: '1', amount: '2.00' }]);
  });

  test('by a watch, in the order of the drops', async () => {
    await shop.write('drop/shop/sales/b-old.csv', file('1.00'));
    await utimes(path.join(shop.cwd, 'drop/shop/sales/b-old.csv'), new Date(), new Date('2024-01-01'));
    // The system tells moments of files apart by a few milliseconds only.
    await setTimeout(50);
    await shop.write('drop/shop/sales/a-new.csv', file('2.00'));
    await utimes(path.join(shop.cwd, 'drop/shop/sales/a-new.csv'), new Date(), new Date('2023-01-01'));
    const watch = () => runMain(['watch', '--drop', 'drop', '--once', '--settle', '0.1'], shop);
    for (let n = 0; n < 2; n++) {
      expect(await watch()).toMatchObject({ code: 0 });
      expect(await amounts()).toEqual([{ id: '1', amount: '2.00' }]);
      expect(await ledger()).toHaveLength(2);
    }
    // The old bytes under the new one's name: they returned.
    await shop.write('drop/shop/sales/a-new.csv', file('1.00'));
    expect(await watch()).toMatchObject({ code: 0 });
    expect(await amounts()).toEqual([{ id: '1', amount: '1.00' }]);
  });
});

describe('a backfill where records replace earlier ones', () => {
  test('keeps the order of arrival, and brings back what a file replaced that fails now', async () => {
    // Before anything is dropped: the day may end meanwhile.
    const today = new Date().toISOString().slice(0, 10);
    await shop.write('b.csv', file('1.00', [1, 2]));
    await shop.write('a.csv', file('2.00', [2, 3]));
    await ingest('b.csv');
    await ok('run');
    await ingest('a.csv');
    await ok('run');
    // Amounts of two are no longer allowed.
    await useMode('replace', (text) =>
      text
        .replace('version: 1.0.0', 'version: 1.1.0')
        .replace(
          'description: What was paid.',
          'description: What was paid.\n        logicalTypeOptions: { maximum: 1.5 }',
        ),
    );
    const words = ['backfill', 'shop.sales', '--from', today, '--reason', 'r', '--by', 'ann'];
    expect(await ok(...words)).toMatchObject({ run: { status: 'promoted' } });
    expect(await amounts()).toEqual([
      { id: '1', amount: '1.00' },
      { id: '2', amount: '1.00' },
    ]);
    await ok('audit');
    await useMode('replace');
    expect(await ok(...words)).toMatchObject({ run: { status: 'promoted' } });
    expect(await amounts()).toEqual([
      { id: '1', amount: '1.00' },
      { id: '2', amount: '2.00' },
      { id: '3', amount: '2.00' },
    ]);
    await ok('audit');
  });
});
