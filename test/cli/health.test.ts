import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { runMain, runMainJson } from './run-main.ts';
import { HealthJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

/** The contract with what its owner promises. */
const promising = (promises: string, limits?: string) =>
  salesContract(limits).replace('schema:\n', `slaProperties:\n${promises}\nschema:\n`);
const MONTHLY =
  '  - { property: frequency, value: 1, unit: month }\n  - { property: latency, value: 1, unit: d }';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/sales.yaml', promising(MONTHLY));
});
afterEach(() => shop.dispose());

const drop = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
const health = async () => {
  const { code, json } = await runMainJson(['health'], shop);
  const found = HealthJson.parse(json);
  return { code, codes: found.flatMap(({ ailments }) => ailments.map((one) => one.code)), found };
};

describe('health', () => {
  test('is well where nothing was published yet, and after a run', async () => {
    expect(await health()).toMatchObject({ code: 0, codes: [] });
    await drop('a.csv', goodSales(1, 3));
    await runMain(['run'], shop);
    const { code, found } = await health();
    expect({ code, found }).toMatchObject({
      code: 0,
      found: [
        { dataset: 'shop.monthly_sales', publishedAt: expect.any(String) },
        { dataset: 'shop.sales', publishedAt: expect.any(String) },
      ],
    });
    expect((await runMain(['health'], shop)).out).toMatch(/shop\.sales: well; published 2/);
  });

  test('finds a source that fell silent, whatever people did since', async () => {
    await drop('a.csv', badSales(1, 2, '100,Ann,1.00,2024-01-02\n'));
    const lake = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
      clock: { now: () => new Date(Date.now() - 40 * 86_400_000) },
    });
    await runDataset('shop.sales', lake.effects);
    expect(await health()).toMatchObject({ code: 1, codes: ['SILENT'] });
    await runMain(['quarantine', 'condemn', '--all', '--dataset', 'shop.sales', '--reason', 'x'], shop);
    expect(await health()).toMatchObject({ code: 1, codes: ['SILENT'] });
  });

  test('finds files that were dropped and never run, and says what to type', async () => {
    await drop('a.csv', goodSales(1, 3));
    expect((await health()).codes).toEqual([]);
    const bronze = path.join(shop.cwd, 'lake/bronze/shop/sales');
    const [arrived = ''] = await readdir(bronze);
    await rename(path.join(bronze, arrived), path.join(bronze, 'ingest_date=2024-05-01'));
    expect(await health()).toMatchObject({ code: 1, codes: ['LATE'] });
    const { out } = await runMain(['health'], shop);
    expect(out).toMatch(/NOT WELL[\s\S]*LATE: 1 files[\s\S]*Next: assay run --dataset shop\.sales/);
  });

  test('names a dataset whose last drops were all rejected, and such files end no silence', async () => {
    const at = async (daysAgo: number, name: string, text: string) => {
      await drop(name, text);
      const lake = await openLake(path.join(shop.cwd, 'lake'), {
        contractsDir: path.join(shop.cwd, 'contracts'),
        sqlDir: path.join(shop.cwd, 'sql/gold'),
        clock: { now: () => new Date(Date.now() - daysAgo * 86_400_000) },
      });
      const [run] = await runDataset('shop.sales', lake.effects);
      return run?.status;
    };
    expect(await at(40, 'a.csv', goodSales(1, 3))).toBe('promoted');
    expect((await health()).codes).toEqual(['SILENT']);
    expect(await at(1, 'b.csv', 'sale,customer\n1,Ann\n')).toBe('nothing-published');
    expect(await at(1, 'c.csv', 'sale,customer\n2,Bob\n')).toBe('nothing-published');
    const { codes, found } = await health();
    expect(codes).toEqual(['SILENT', 'REJECTED']);
    expect(JSON.stringify(found)).toContain('the last 2 files were all rejected, the newest of them c.csv');
    expect(await at(0, 'd.csv', goodSales(5, 7))).toBe('promoted');
    expect((await health()).codes).toEqual([]);
  });

  test('finds held runs, an open breaker, Gold that fell behind, and promises that nobody can read', async () => {
    const limits = '{ maxQuarantineRate: 0.1, smallBatchRecords: 2, breakerErrors: 2 }';
    await shop.write('contracts/shop/sales.yaml', promising(MONTHLY, limits));
    await drop('a.csv', badSales(1, 5));
    await runMain(['run'], shop);
    expect((await health()).codes).toEqual(['HELD', 'BREAKER']);
    await shop.write(
      'contracts/shop/sales.yaml',
      promising('  - { property: latency, value: 1, unit: m }', limits),
    );
    expect((await health()).codes).toEqual(['PROMISE', 'HELD', 'BREAKER']);
  });

  test('finds Gold that was not made from what is current', async () => {
    await shop.write('sql/gold/shop/monthly_sales.sql', 'SELECT nothing');
    await drop('a.csv', goodSales(1, 3));
    await runMain(['run'], shop);
    expect((await health()).codes).toEqual(['GOLD_BEHIND']);
  });

  describe('of how much came, and how good it is', () => {
    const DAY_MS = 86_400_000;
    /** A moment in the middle of a month, so many months ago. */
    const monthsAgo = (months: number) => {
      const now = new Date();
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 15, 12));
    };
    const publishAt = async (at: Date, name: string, text: string) => {
      await drop(name, text);
      const lake = await openLake(path.join(shop.cwd, 'lake'), {
        contractsDir: path.join(shop.cwd, 'contracts'),
        sqlDir: path.join(shop.cwd, 'sql/gold'),
        clock: { now: () => at },
      });
      const [run] = await runDataset('shop.sales', lake.effects);
      expect(run?.status).toBe('promoted');
    };
    const promise = (...promises: string[]) =>
      shop.write(
        'contracts/shop/sales.yaml',
        promising(promises.map((one) => `  - { property: ${one} }`).join('\n')),
      );

    test('judges neither the period under way nor the one that a dataset began in by how little came', async () => {
      await promise('minRecords, value: 5, unit: month');
      await publishAt(monthsAgo(1), 'a.csv', goodSales(1, 3));
      expect((await health()).codes).toEqual([]);
      await publishAt(monthsAgo(0), 'b.csv', goodSales(4, 30));
      expect((await health()).codes).toEqual([]);
    });

    test('finds a dataset that shrank: too few records in the last whole period', async () => {
      await promise('minRecords, value: 5, unit: month');
      await publishAt(monthsAgo(2), 'a.csv', goodSales(1, 9));
      await publishAt(monthsAgo(1), 'b.csv', goodSales(10, 12));
      const { code, codes, found } = await health();
      expect({ code, codes }).toEqual({ code: 1, codes: ['SHRUNKEN'] });
      expect(found[1]?.ailments[0]?.what).toMatch(
        /^3 records came in the month from .*at least 5 are expected/,
      );
      await promise('minRecords, value: 3, unit: month');
      expect((await health()).codes).toEqual([]);
    });

    test('finds one that explodes, before the period is over; reading a file again is no new volume', async () => {
      await promise('maxRecords, value: 5, unit: day');
      await publishAt(new Date(Date.now() - 9 * DAY_MS), 'a.csv', goodSales(1, 6));
      expect((await health()).codes).toEqual([]);
      await drop('b.csv', goodSales(10, 14));
      await runMain(['run'], shop);
      expect((await health()).codes).toEqual([]);
      await runMain(['backfill', 'shop.sales', '--from', '2000-01-01', '--again', '--reason', 'x'], shop);
      expect((await health()).codes).toEqual([]);
      await drop('c.csv', goodSales(15, 15));
      await runMain(['run'], shop);
      const { codes, found } = await health();
      expect(codes).toEqual(['EXPLODING']);
      expect(found[1]?.ailments[0]?.what).toMatch(/^6 records came in the day from .*at most 5/);
    });

    test('finds that more fails than was promised, in the last thirty days', async () => {
      await promise('maxQuarantineRate, value: 20, unit: percent');
      await publishAt(
        new Date(Date.now() - 40 * DAY_MS),
        'old.csv',
        badSales(50, 55, '1,Ann,1.00,2024-01-02\n'),
      );
      await publishAt(
        new Date(Date.now() - 2 * DAY_MS),
        'a.csv',
        badSales(60, 61, goodSales(2, 5).slice(goodSales(2, 5).indexOf('\n') + 1)),
      );
      expect((await health()).codes).toEqual([]);
      await promise('maxQuarantineRate, value: 0.1');
      const { codes, found } = await health();
      expect(codes).toEqual(['FAILING']);
      expect(found[1]?.ailments[0]).toMatchObject({
        what: '1 of the 5 records of the last 30 days failed (20 %), and at most 10 % were promised',
        next: 'quarantine list --dataset shop.sales',
      });
    });

    test('names a promise that nobody can read', async () => {
      await promise(
        'minRecords, value: 5, unit: m',
        'maxRecords, value: many, unit: day',
        'maxQuarantineRate, value: 20',
      );
      expect((await health()).codes).toEqual(['PROMISE', 'PROMISE', 'PROMISE']);
    });
  });

  describe('alerts', () => {
    const alerts = async () =>
      (await runMainJson(['query', 'SELECT kind, title FROM ops.alerts ORDER BY "at"'], shop)).json as {
        kind: string;
        title: string;
      }[];

    test('tell what is amiss once, however often it is looked at, and again when it comes back or more is', async () => {
      const late = 'ingest_date=2024-05-01';
      const bronze = path.join(shop.cwd, 'lake/bronze/shop/sales');
      await drop('a.csv', goodSales(1, 3));
      const [arrived = ''] = await readdir(bronze);
      await rename(path.join(bronze, arrived), path.join(bronze, late));
      expect((await runMain(['health'], shop)).code).toBe(1);
      expect(await alerts()).toEqual([]);
      for (let n = 0; n < 3; n++) expect((await runMain(['health', '--alert'], shop)).code).toBe(1);
      expect(await alerts()).toEqual([
        { kind: 'unhealthy', title: expect.stringMatching(/shop\.sales is not well: LATE: 1 files/) },
      ]);
      await shop.write(
        'contracts/shop/sales.yaml',
        promising(`${MONTHLY}\n  - { property: minRecords, value: 1, unit: m }`),
      );
      await runMain(['health', '--alert'], shop);
      expect(await alerts()).toMatchObject([{}, { title: expect.stringMatching(/PROMISE.*|LATE.*PROMISE/) }]);
      await shop.write('contracts/shop/sales.yaml', promising(MONTHLY));
      await runMain(['health', '--alert'], shop);
      expect(await alerts()).toHaveLength(2);
      await runMain(['run'], shop);
      expect((await runMain(['health', '--alert'], shop)).code).toBe(0);
      await shop.write(
        'contracts/shop/sales.yaml',
        promising('  - { property: minRecords, value: 1, unit: m }'),
      );
      await runMain(['health', '--alert'], shop);
      expect(await alerts()).toHaveLength(3);
    });

    test('of an open breaker come once, and not with every run that it refuses', async () => {
      const limits = '{ maxQuarantineRate: 0.9, smallBatchRecords: 2, breakerErrors: 2 }';
      await shop.write('contracts/shop/sales.yaml', promising(MONTHLY, limits));
      await drop('a.csv', badSales(1, 5));
      for (let n = 0; n < 4; n++) await runMain(['run'], shop);
      expect((await alerts()).map(({ kind }) => kind)).toEqual(['breaker-open', 'run-held', 'run-refused']);
      await runMain(['breaker', 'reset', 'shop.sales', '--reason', 'x'], shop);
      await drop('b.csv', badSales(11, 15));
      for (let n = 0; n < 3; n++) await runMain(['run'], shop);
      expect((await alerts()).map(({ kind }) => kind)).toEqual([
        'breaker-open',
        'run-held',
        'run-refused',
        'breaker-open',
        'run-held',
        'run-refused',
      ]);
    });
  });
});
