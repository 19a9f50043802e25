import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson } from './shapes.ts';

const ORDERS = `Order No,Ordered on,Customer,Order Total,Currency
1001,05/01/2024,ada@example.org,"1,250.00",GBP
1002,17/01/2024,bob@example.org,99.90,GBP
1003,30/01/2024,ada@example.org,-99.90,GBP
1004,02/02/2024,cyd@example.org,40.00,EUR
1005,29/02/2024,bob@example.org,12.50,GBP
`;
/** Nothing tells its records apart, and nothing says when. */
const SHOPS = 'town,street\nLeeds,High St\nLeeds,High St\nYork,Low St\n';

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await mkdir(path.join(cwd, 'downloads'));
  await writeFile(path.join(cwd, 'downloads/orders.csv'), ORDERS);
  await writeFile(path.join(cwd, 'downloads/shops.csv'), SHOPS);
});
afterAll(() => dispose());

const rows = async (sql: string): Promise<unknown> => (await runMainJson(['query', sql], { cwd })).json;
const read = (file: string): Promise<string> => readFile(path.join(cwd, file), 'utf8');

describe('assay new dataset', () => {
  test('without a terminal says all that only a person knows, and writes nothing', async () => {
    const { code, err } = await runMain(
      ['new', 'dataset', 'downloads/shops.csv', '--dataset', 'shop.places'],
      { cwd },
    );
    expect(code).toBe(2);
    for (const option of ['--owner', '--purpose']) expect(err).toContain(option);
    // Where no columns tell records apart, the whole record does.
    expect(err).not.toContain('--key');
    expect(await readdir(cwd)).toEqual(['downloads']);
  });

  test('takes a file to a table: contract, check, lake, first run', async () => {
    const typed = [
      '',
      'shop-data',
      'Every order: "all" of them',
      'nothing',
      '',
      'currency',
      'ordered_on',
      'perhaps',
      '',
    ];
    const { code, out, err } = await runMain(
      ['new', 'dataset', 'downloads/orders.csv', '--dataset', 'shop.orders'],
      { cwd, typed },
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Write something.');
    expect(out).toContain("There is no column 'nothing'");
    expect(out).toContain("'currency' is no date or timestamp");
    expect(out).toContain('Write yes or no.');
    expect(out.match(/^Next: .*$/gm)).toEqual(["Next: assay query 'FROM silver.shop_orders LIMIT 10'"]);
    const contract = parse(await read('contracts/shop/orders.yaml'));
    expect(contract).toMatchObject({
      status: 'active',
      team: { name: 'shop-data' },
      description: { purpose: 'Every order: "all" of them' },
    });
    expect(await read('contracts/shop/orders.yaml')).not.toContain('# DECIDE');
    expect(await rows('SELECT count(*) AS n, sum(order_total) AS total FROM silver.shop_orders')).toEqual([
      { n: 5, total: '1302.50' },
    ]);
  });

  test('writes over no contract', async () => {
    const before = await read('contracts/shop/orders.yaml');
    const args = [
      'new',
      'dataset',
      'downloads/orders.csv',
      '--dataset',
      'shop.orders',
      '--owner',
      'x',
      '--purpose',
      'y',
    ];
    expect(ErrorJson.parse((await runMainJson(args, { cwd })).json).error.code).toBe('FILE_EXISTS');
    expect(await read('contracts/shop/orders.yaml')).toBe(before);
  });

  test('is left with Ctrl-D, and then nothing is written', async () => {
    const typed = ['shop-data'];
    const args = ['new', 'dataset', 'downloads/shops.csv', '--dataset', 'shop.places'];
    const { code, err } = await runMain(args, { cwd, typed });
    expect([code, err]).toEqual([2, expect.stringContaining('nothing was written')]);
    expect(await readdir(path.join(cwd, 'contracts/shop'))).toEqual(['orders.yaml']);
  });

  test('takes answers from options, and the month of arrival where there is no date', async () => {
    const { code, json } = await runMainJson(
      [
        'new',
        'dataset',
        'downloads/shops.csv',
        '--dataset',
        'shop.places',
        '--owner',
        'shop-data',
        '--purpose',
        'Our shops.',
        '--key',
        'town street',
        '--no-run',
      ],
      { cwd },
    );
    expect([code, json]).toMatchObject([
      0,
      { dataset: 'shop.places', contract: 'contracts/shop/places.yaml', loaded: false },
    ]);
    const contract = parse(await read('contracts/shop/places.yaml'));
    const keys = contract.schema[0].properties.map(
      (one: { primaryKeyPosition: number }) => one.primaryKeyPosition,
    );
    expect(keys).toEqual([1, 2]);
    expect(contract.schema[0].customProperties).toContainEqual({
      property: 'assay.partitionColumn',
      value: 'arrived_at',
    });
    const wrong = await runMain(['new', 'dataset', 'downloads/shops.csv', '--owner', 'x', '--key', 'nope'], {
      cwd,
    });
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining("--key nope: There is no column 'nope'"),
    ]);
  });
});

describe('lines that the proposal leaves out', () => {
  const STATEMENT = `Account;GB00;;\nDate;Text;Amount;Balance\n${Array.from(
    { length: 9 },
    (_, n) => `0${n + 1}.05.2026;Rent;${n},50;${n + 100},00\n`,
  ).join('')}Closing balance;;;108,00\n`;
  let bank: string;
  beforeAll(async () => {
    bank = path.join(cwd, 'bank');
    await mkdir(bank);
    await writeFile(path.join(bank, 'may.csv'), STATEMENT);
  });
  const made = (name: string) =>
    ['new', 'dataset', 'may.csv', '--dataset', `bank.${name}`, '--owner', 'treasury'].concat([
      '--purpose',
      'Ours.',
    ]);
  const LEFT_OUT = [
    'may.csv has 1 line before its header.',
    expect.stringContaining('may.csv ends with 1 record of another kind'),
  ];

  test('are not loaded without a terminal, and what to do next is said and works', async () => {
    const { code, json } = await runMainJson(made('held'), { cwd: bank });
    expect([code, json]).toMatchObject([
      0,
      {
        loaded: false,
        leavesOut: LEFT_OUT,
        runId: null,
        status: null,
        why: [expect.stringContaining('no terminal to ask on')],
        next: ['assay ingest may.csv --dataset bank.held', 'assay run --dataset bank.held'],
      },
    ]);
    const { out } = await runMain(made('told'), { cwd: bank });
    expect(out).toContain('These guesses leave lines of the files out:\n  may.csv has 1 line before');
    expect(out).toContain('Nothing was loaded');
    const next = [...out.matchAll(/(?:Next:| {5}) assay (.*)/g)].map(([, words = '']) => words.split(' '));
    for (const words of next) expect((await runMain(words, { cwd: bank })).code).toBe(0);
    const { json: rest } = await runMainJson(['query', 'SELECT count(*) AS n FROM silver.bank_told'], {
      cwd: bank,
    });
    expect(rest).toEqual([{ n: 9 }]);
  });

  test('are loaded with --yes, and on a terminal after a question about them', async () => {
    const { code, json } = await runMainJson([...made('sure'), '--yes'], { cwd: bank });
    expect([code, json]).toMatchObject([
      0,
      { loaded: true, leavesOut: LEFT_OUT, status: 'promoted', next: [] },
    ]);
    const typed = ['', '', 'no'];
    const { out } = await runMain(made('asked'), { cwd: bank, typed });
    expect(out).toContain('These guesses leave lines of the files out:');
    expect(out).toContain('Next: assay contracts check contracts/bank/asked.yaml');
    expect(out).not.toContain('promoted');
  });

  test('of a first run that is held --json says which it was, and why', async () => {
    const bad = Array.from({ length: 5 }, (_, n) => `${n},x,2024-01-02,1.50\n`).join('');
    const good = Array.from({ length: 40 }, (_, n) => `${n},2024-01-02,1.50\n`).join('');
    await writeFile(path.join(bank, 'bad.csv'), `id,day,amount\n${good}${bad}`);
    const args = ['new', 'dataset', 'bad.csv', '--dataset', 'bank.bad', '--owner', 'x', '--purpose', 'y'];
    const { code, json } = await runMainJson(args, { cwd: bank });
    expect(code).not.toBe(0);
    expect(json).toMatchObject({ loaded: false, status: 'held', runId: expect.any(String), next: [] });
    expect(json).toHaveProperty('why', [expect.stringContaining('5 of 45 records')]);
  });
});

describe('assay new gold', () => {
  test('makes a table of months that a run computes, without adding up currencies', async () => {
    const made = await runMain(
      ['new', 'gold', 'shop.monthly_orders', '--from', 'shop.orders', '--by', 'currency'],
      { cwd },
    );
    expect([made.code, made.err]).toEqual([0, '']);
    expect((await runMain(['run', '--dataset', 'shop.orders'], { cwd })).code).toBe(0);
    expect(
      await rows(
        'SELECT as_of_month, currency, records, order_total FROM gold.shop_monthly_orders ORDER BY ALL',
      ),
    ).toEqual([
      { as_of_month: '2024-01-01', currency: 'GBP', records: 3, order_total: '1250.00' },
      { as_of_month: '2024-02-01', currency: 'EUR', records: 1, order_total: '40.00' },
      { as_of_month: '2024-02-01', currency: 'GBP', records: 1, order_total: '12.50' },
    ]);
    const mixed = await runMain(['new', 'gold', 'shop.counts', '--from', 'shop.orders'], { cwd });
    expect(mixed.code).toBe(0);
    expect(await read('sql/gold/shop/counts.sql')).not.toContain('SUM');
  });

  test('is one of months of arrival where the dataset is', async () => {
    const made = await runMain(
      ['new', 'gold', 'shop.places_by_month', '--from', 'shop.places', '--by', 'town'],
      { cwd },
    );
    expect([made.code, made.err]).toEqual([0, '']);
  });

  test.each([
    [['shop.other'], '--from is missing'],
    [['shop.other', '--from', 'shop.order'], "did you mean 'shop.orders'"],
    [['shop.other', '--from', 'shop.orders', '--by', 'nope'], "has no column 'nope'"],
    [['other', '--from', 'shop.orders'], 'no name of a dataset'],
  ])('%j is refused', async (args, meant) => {
    const { code, err } = await runMain(['new', 'gold', ...args], { cwd });
    expect([code, err]).toEqual([2, expect.stringContaining(meant)]);
  });
});
