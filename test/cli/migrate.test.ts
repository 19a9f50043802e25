import { readdir, readFile, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { openOutside, rowsOutside } from '../support/outside-table.ts';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import { RunsJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

/** Another type, a renamed column with another header, another delimiter and another way to write dates. */
const NEXT = salesContract()
  .replace('version: 1.0.0', 'version: 2.0.0')
  .replace('DECIMAL(18,2)', 'DECIMAL(18,3)')
  .replace(
    'name: customer\n',
    'name: buyer\n        customProperties: [{ property: assay.headers, value: [Buyer, Customer] }]\n',
  )
  .replace(
    'name: sold_on\n',
    'name: sold_on\n        customProperties: [{ property: assay.formats, value: [dd/MM/yyyy] }]\n',
  )
  .replace(
    '    customProperties:\n      - property: assay.partitionColumn',
    '    customProperties:\n      - property: assay.csv\n        value: { delimiter: ";" }\n      - property: assay.partitionColumn',
  );

const WEEK_AGO = new Date(Date.now() - 7 * 86_400_000);

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.dispose());

const { json, ok } = commandsIn(() => shop);
const run = async () => RunsJson.parse((await json('run')).json)[0];
const ingest = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
const query = async (sql: string, ...args: string[]) => (await json('query', sql, ...args)).json;

/** What the pointer names of a table, read by hyparquet from the files that Iceberg's metadata names. */
async function pointer() {
  return JSON.parse(await readFile(path.join(shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), 'utf8'));
}

describe('migrate', () => {
  test('makes the tables anew under a new major version, each file read in the dialect in which it was accepted', async () => {
    await ingest('one.csv', goodSales(1, 4));
    await ingest('two.csv', badSales(10, 12, goodSales(5, 6).split('\n').slice(1).join('\n')));
    expect((await run())?.status).toBe('promoted');
    await shop.write('contracts/shop/sales.yaml', NEXT);
    await ingest('three.csv', 'sale_id;Buyer;amount;sold_on\n7;Gus;2.125;09/04/2024\n');
    expect((await run())?.status).toBe('held');
    const first = await pointer();

    const dry = await ok('migrate', 'shop.sales', '--dry-run');
    expect(dry).toMatchObject({
      from: '1.0.0',
      to: '2.0.0',
      files: 2,
      counts: { records: 8, silverNow: 6, silverThen: 6, toSilver: 0, out: 0 },
      sums: [{ measure: 'amount', before: '7.50', after: '7.500' }],
      gold: [{ report: 'shop.monthly_sales', restated: 0, problem: null }],
    });
    expect(await pointer()).toEqual(first);

    const done = await ok('migrate', 'shop.sales', '--reason', 'three decimals', '--by', 'ann');
    expect(done).toMatchObject({
      run: { status: 'promoted', counts: { records: 8, silver: 6, quarantined: 2, condemned: 0 } },
      outcome: {
        rows: { before: 6, after: 6 },
        lost: 0,
        gained: 0,
        verdicts: { silver: { before: 6, after: 6 }, quarantined: { before: 2, after: 2 } },
        sums: [{ measure: 'amount', before: '7.50', after: '7.500' }],
      },
    });
    expect(await query('SELECT * FROM silver.shop_sales ORDER BY sale_id LIMIT 1')).toMatchObject([
      { sale_id: '1', buyer: 'Customer, 1', amount: '1.250', sold_on: '2024-03-02' },
    ]);
    expect(await query('SELECT amount FROM gold.shop_monthly_sales')).toEqual([{ amount: '7.50' }]);
    // No attempt was counted: they failed once, when they came.
    expect(await query('SELECT attempt_count, is_open FROM ops.quarantine')).toEqual([
      { attempt_count: 1, is_open: true },
      { attempt_count: 1, is_open: true },
    ]);
    const now = await pointer();
    expect(now).toMatchObject({
      version: first.version + 1,
      generation: 2,
      generations: [{ generation: 1, contract_version: '1.0.0', snapshot_id: first.snapshot_id }],
    });
    expect(now.tables.silver.metadata_key).toMatch(/^silver\/generation=2\/shop\/sales\/metadata\//);
    expect(now.tables.source_files.metadata_key).toMatch(/^ops\/source_files\/generation=2\//);
  });

  test('lets runs go on in the new generation, and the file that waited is read in the new dialect', async () => {
    expect(await run()).toMatchObject({ status: 'promoted', counts: { records: 1, silver: 1 } });
    expect(
      await query('SELECT count(*) AS n, CAST(sum(amount) AS VARCHAR) AS amount FROM silver.shop_sales'),
    ).toEqual([{ n: 7, amount: '9.625' }]);
    expect((await ok('audit')) as object).toMatchObject([{ problems: [] }, { problems: [] }]);
    expect((await json('migrate', 'shop.sales', '--reason', 'again')).code).not.toBe(0);
    // As other engines find it from the pointer on: by icebird and hyparquet.
    const outside = await openOutside(
      path.join(shop.cwd, 'lake'),
      'silver/shop/sales/_LATEST.json',
      'silver/generation=2/shop/sales',
    );
    const read = (await rowsOutside(outside)).map((row) => JSON.parse(row));
    expect(read.map(({ sale_id, buyer }) => `${sale_id} ${buyer}`).sort()).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((n) => `${n} Customer, ${n}`),
      '7 Gus',
    ]);
    // The old generation's files lie where they lay, and none of the new one's lies below their root.
    const files = await readdir(path.join(shop.cwd, 'lake/silver/shop/sales'), { recursive: true });
    const parquet = files.filter((name) => name.endsWith('.parquet'));
    let rows = 0;
    for (const name of parquet) {
      const file = await asyncBufferFromFile(path.join(shop.cwd, 'lake/silver/shop/sales', name));
      rows += (await parquetReadObjects({ file, compressors })).length;
    }
    expect(rows).toBe(6);
  });
});

describe('a generation that another one followed', () => {
  test('is queried with --as-of, by time or by snapshot, and stands among the snapshots', async () => {
    const now = await pointer();
    const [old] = now.generations;
    const before = [{ n: 6, amount: '7.50' }];
    const sql = 'SELECT count(*) AS n, CAST(sum(amount) AS VARCHAR) AS amount FROM silver.shop_sales';
    expect(await query(sql, '--as-of', String(old.snapshot_id))).toEqual(before);
    const justBefore = new Date(Date.parse(old.until) - 1).toISOString();
    expect(await query(sql, '--as-of', justBefore)).toEqual(before);
    expect(await query('SELECT customer FROM silver.shop_sales LIMIT 1', '--as-of', justBefore)).toHaveLength(
      1,
    );
    expect(await query(sql, '--as-of', new Date().toISOString())).toEqual([{ n: 7, amount: '9.625' }]);
    expect(await query('SELECT count(*) AS n FROM quarantine.shop_sales', '--as-of', justBefore)).toEqual([
      { n: 2 },
    ]);
    expect(await ok('snapshots', 'shop.sales')).toMatchObject([
      { generation: 2, isCurrent: true, totalRecords: 7 },
      { generation: 2, totalRecords: 6 },
      { generation: 1, totalRecords: 6, isCurrent: false },
    ]);
    expect(
      await query("SELECT count(*) AS n FROM ops.snapshots WHERE table_name = 'silver.shop_sales'"),
    ).toEqual([{ n: 3 }]);
  });

  test('is kept by the vacuum, and what a figure came from is found in its dialect', async () => {
    const { length } = await readdir(path.join(shop.cwd, 'lake/silver'), { recursive: true });
    // What is younger would be left as it is: files of a week ago, as far as anybody can tell.
    for (const name of await readdir(path.join(shop.cwd, 'lake'), { recursive: true }))
      await utimes(path.join(shop.cwd, 'lake', name), WEEK_AGO, WEEK_AGO);
    await ok('vacuum', '--dataset', 'shop.sales');
    expect(await readdir(path.join(shop.cwd, 'lake/silver'), { recursive: true })).toHaveLength(length);
    const { generations } = await pointer();
    expect(
      await query(
        'SELECT count(*) AS n FROM silver.shop_sales',
        '--as-of',
        String(generations[0].snapshot_id),
      ),
    ).toEqual([{ n: 6 }]);
    const traced = JSON.stringify(await ok('lineage', 'shop.sales', 'sale_id=1', '--unmasked'));
    expect(traced).toContain('1,\\"Customer, 1\\",1.25,2024-03-02');
  });
});

describe('a migration that would lose records', () => {
  test('is refused with what keeps them out, and is published where that is accepted', async () => {
    const before = await pointer();
    const rule = NEXT.replace('version: 2.0.0', 'version: 3.0.0').replace(
      'description: What was paid.',
      'description: What was paid.\n        logicalTypeOptions: { minimum: 2 }',
    );
    await shop.write('contracts/shop/sales.yaml', rule);
    const refused = await json('migrate', 'shop.sales', '--reason', 'x', '--by', 'ann');
    expect(refused.code).not.toBe(0);
    expect(refused.json).toMatchObject({
      run: { status: 'refused', why: [expect.stringContaining('6 records that are in Silver')] },
      outcome: { lost: 6, lostBy: { RANGE_ERROR: 6 }, rows: { before: 7, after: 1 } },
    });
    expect(await pointer()).toEqual(before);
    await ok('migrate', 'shop.sales', '--accept-losses', '--reason', 'no small sales', '--by', 'ann');
    expect(await query('SELECT sale_id FROM silver.shop_sales')).toEqual([{ sale_id: '7' }]);
    expect(await query('SELECT DISTINCT attempt_count FROM ops.quarantine ORDER BY 1')).toEqual([
      { attempt_count: 0 },
      { attempt_count: 1 },
    ]);
    const now = await pointer();
    expect(now.generations.map(({ generation }: { generation: number }) => generation)).toEqual([1, 2]);
    expect(now.generation).toBe(3);
    // Both earlier ones are there, and each file is still read in the dialect in which it came.
    for (const [n, one] of now.generations.entries())
      expect(
        await query('SELECT count(*) AS n FROM silver.shop_sales', '--as-of', String(one.snapshot_id)),
      ).toEqual([{ n: n === 0 ? 6 : 7 }]);
    expect(await ok('audit')).toMatchObject([{ problems: [] }, { problems: [] }]);
  });
});

describe('generations that nobody may go back to any more', () => {
  const under = async (folder: string) =>
    (await readdir(path.join(shop.cwd, 'lake', folder), { recursive: true })).filter((name) =>
      /\.(parquet|avro|metadata\.json)$/.test(name),
    );

  test('expire as a whole, but for ledger and condemned records; the vacuum removes their files alone', async () => {
    const { generations, snapshot_id } = await pointer();
    const [first] = generations;
    const sql = 'SELECT count(*) AS n FROM silver.shop_sales';
    const stays = [
      'condemned',
      'ops/source_files/shop',
      'ops/source_files/generation=2',
      'silver/generation=3',
    ];
    const rows = async () =>
      (await Promise.all(stays.map(under))).map((names) => names.filter((name) => name.endsWith('.parquet')));
    // What a refused migration had written goes, before any of this.
    const vacuumed = async () => {
      for (const name of await readdir(path.join(shop.cwd, 'lake'), { recursive: true }))
        await utimes(path.join(shop.cwd, 'lake', name), WEEK_AGO, WEEK_AGO);
      await ok('vacuum');
    };
    await vacuumed();
    const kept = await rows();
    await ok('expire', 'shop.sales', '--older-than', '1h', '--reason', 'tidy', '--by', 'ann');
    expect(await query(sql, '--as-of', String(first.snapshot_id))).toEqual([{ n: 6 }]);
    expect(
      await ok('expire', 'shop.sales', '--older-than', '0m', '--reason', 'tidy', '--by', 'ann'),
    ).toMatchObject({ generations: [1, 2] });
    for (const [when, code] of [
      [String(first.snapshot_id), 'NO_SNAPSHOT'],
      [new Date(Date.parse(first.until) - 1).toISOString(), 'SNAPSHOT_EXPIRED'],
    ] as const)
      expect((await json('query', sql, '--as-of', when)).json).toMatchObject({ error: { code } });
    expect(
      await json('rollback', 'shop.sales', '--to', String(first.snapshot_id), '--reason', 'x'),
    ).toMatchObject({
      json: { error: { code: 'SNAPSHOT_EXPIRED' } },
    });
    expect((await runMain(['snapshots', 'shop.sales'], shop)).out).toMatch(
      /snapshots of generation 1 \(contract 1\.0\.0, until .*\) were expired\.[\s\S]*generation 2/,
    );
    expect(await query(sql)).toEqual([{ n: 1 }]);
    await vacuumed();
    expect(await under('silver/generation=2')).toEqual([]);
    expect(await under('silver/shop')).toEqual([]);
    expect(await under('quarantine/shop')).toEqual([]);
    expect(await rows()).toEqual(kept);
    expect(kept.map((names) => names.length > 0)).toEqual([false, true, true, true]);
    expect((await pointer()).snapshot_id).toBe(snapshot_id);
    expect(await ok('audit')).toMatchObject([{ problems: [] }, { problems: [] }]);
  });
});
