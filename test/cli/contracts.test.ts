import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import {
  BackfillJson,
  ContractsDiffJson,
  ContractsTryJson,
  ErrorJson,
  QuarantineListJson,
} from './shapes.ts';
import { openShop, salesContract } from './shop.ts';

const JANUARY = `sale_id,customer,amount,sold_on
1,Ann,10.00,2024-01-02
2,Bob,£2.50,2024-01-03
3,Eve,x,2024-01-04
1,Ann,10.00,2024-01-02
4,,600.00,2024-01-05
5,Joe,7.00,2024-02-30
`;

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

const drop = async (name: string, text: string) => {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
};
/** A contract that reads pounds and wants a customer: one record would come, one would go. */
const PROPOSED = salesContract()
  .replace('version: 1.0.0', 'version: 1.1.0')
  .replace(
    'What was paid.\n',
    "What was paid.\n        customProperties:\n          - { property: assay.number, value: { symbols: ['£'] } }\n",
  )
  .replace(
    'name: customer\n        logicalType: string\n',
    'name: customer\n        logicalType: string\n        required: true\n',
  );
const tryIt = async (text: string, ...args: string[]) => {
  await shop.write('proposed.yaml', text);
  const { code, json } = await runMainJson(['contracts', 'try', 'proposed.yaml', ...args], shop);
  expect({ code, json }).toMatchObject({ code: 0 });
  return ContractsTryJson.parse(json);
};
/** Every file of the lake with its bytes, but for scratch. */
const lakeNow = async () => {
  const root = path.join(shop.cwd, 'lake');
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const files = names.map((one) => path.join(one.parentPath, one.name)).sort();
  return Promise.all(files.map(async (file) => [file, (await readFile(file)).toString('base64')]));
};

describe('contracts diff', () => {
  const diff = async (old: string, next: string) => {
    await shop.write('old.yaml', old);
    await shop.write('new.yaml', next);
    const { code, json } = await runMainJson(['contracts', 'diff', 'old.yaml', 'new.yaml'], shop);
    return { code, ...ContractsDiffJson.parse(json) };
  };

  test('says compatible or breaking, and why; a breaking change wants a new major version', async () => {
    const old = salesContract();
    expect(await diff(old, old)).toMatchObject({ code: 0, compatible: true, changes: [] });
    const till = `      - name: till
        logicalType: string
        classification: public
        description: Which till.
    customProperties:`;
    const more = old.replace('    customProperties:', till).replace('1.0.0', '1.1.0');
    expect(await diff(old, more)).toMatchObject({
      code: 0,
      compatible: true,
      from: '1.0.0',
      to: '1.1.0',
      changes: [{ kind: 'additive', path: 'columns.till' }],
    });
    expect(await diff(more, old)).toMatchObject({
      code: 2,
      needsMajor: true,
      modes: { FULL: { compatible: true, because: [] } },
    });
    expect(await diff(old, PROPOSED)).toMatchObject({ code: 2, compatible: false, needsMajor: true });
    const major = PROPOSED.replace('1.1.0', '2.0.0');
    expect(await diff(old, major)).toMatchObject({ code: 0, compatible: false, needsMajor: false });
    const { out } = await runMain(['contracts', 'diff', 'old.yaml', 'new.yaml'], shop);
    expect(out).not.toContain('␊');
    expect(out).toMatch(/By a registry's modes: NONE\n {2}by the new version customer is required/);
    expect(out).toMatch(
      /1\.0\.0 → 2\.0\.0: 1 breaking change, and the major version was raised[\s\S]*breaking +columns\.customer\.required/,
    );
  });

  test('names the file that is missing, or what is wrong in it', async () => {
    await shop.write('old.yaml', salesContract());
    await shop.write(
      'broken.yaml',
      salesContract().replace('classification: personal', 'classification: secret'),
    );
    const codeOf = async (file: string) =>
      ErrorJson.parse((await runMainJson(['contracts', 'diff', 'old.yaml', file], shop)).json).error.code;
    expect(await codeOf('nowhere.yaml')).toBe('NO_FILE');
    expect(await codeOf('broken.yaml')).toBe('CONTRACT_INVALID');
  });
});

describe('contracts try', () => {
  test('lists what would flip by rule with examples, and the effect on Gold, and touches nothing', async () => {
    await drop('jan.csv', JANUARY);
    const before = await lakeNow();
    const found = await tryIt(PROPOSED);
    expect(found).toMatchObject({
      from: '1.0.0',
      to: '1.1.0',
      comparison: { needsMajor: true },
      files: 1,
      counts: { records: 6, silverNow: 2, silverThen: 2, toSilver: 1, out: 1 },
      flips: [
        {
          to: 'silver',
          code: 'TYPE_ERROR',
          column: 'amount',
          records: 1,
          examples: [{ sourceFile: expect.stringContaining('jan.csv'), sourceRowNumber: 2, value: '£2.50' }],
        },
        { to: 'out', code: 'NULL_VALUE', column: 'customer', records: 1, examples: [{ sourceRowNumber: 5 }] },
      ],
      values: [],
      gold: [
        {
          report: 'shop.monthly_sales',
          restated: 1,
          figures: [{ month: '2024-01', column: 'amount', old: '610.00', new: '12.50' }],
          problem: null,
        },
      ],
    });
    expect(await lakeNow()).toEqual(before);
    const { out } = await runMain(['contracts', 'try', 'proposed.yaml'], shop);
    expect(out.split('\n').length).toBeGreaterThan(15);
    expect(out).not.toContain('␊');
    expect(out).toMatch(/in Silver 2 now, 2 then; 1 would come, 1 would go/);
    expect(out).toMatch(
      /Would go to Silver[\s\S]*jan\.csv:2 £2\.50[\s\S]*Would leave Silver[\s\S]*Nothing was published/,
    );
  });

  test('foretells what a backfill then does', async () => {
    await drop('jan.csv', JANUARY);
    await drop('feb.csv', 'sale_id,customer,amount,sold_on\n2,Bob,3.00,2024-02-01\n9,Sue,£1.00,2024-02-02\n');
    const { counts, gold } = await tryIt(PROPOSED);
    await shop.write('contracts/shop/sales.yaml', PROPOSED);
    const args = ['backfill', 'shop.sales', '--from', '2000-01-01', '--reason', 'x'];
    const done = BackfillJson.parse((await runMainJson(args, shop)).json);
    expect(done.run).toMatchObject({ status: 'promoted', counts: { silver: counts.silverThen } });
    expect(done.restated.map(({ month, column, old, new: now }) => [month, column, old, now])).toEqual(
      gold[0]?.figures.map(({ month, column, old, new: now }) => [month, column, old, now]),
    );
    expect((await tryIt(PROPOSED)).flips).toEqual([]);
  });

  test('finds personal data that a run would be held for, and shows none of it', async () => {
    const open = salesContract().replace(
      /(name: customer\n(?: {8}.*\n)*? {8}classification: )\w+/,
      '$1internal',
    );
    await drop(
      'a.csv',
      'sale_id,customer,amount,sold_on\n1,ann@example.org,1.00,2024-01-02\n2,Bob,1.00,2024-01-02\n',
    );
    expect((await tryIt(open)).pii).toEqual([{ column: 'customer', kind: 'mail address', records: 1 }]);
    expect((await tryIt(salesContract())).pii).toEqual([]);
    await shop.write('proposed.yaml', open);
    const { out } = await runMain(['contracts', 'try', 'proposed.yaml'], shop);
    expect(out).toContain(
      'Personal data where none should be: the internal column customer holds a mail address in 1 value',
    );
    expect(out).not.toContain('ann@');
  });

  test('finds values that would be read otherwise, and shows none of a personal column', async () => {
    await drop('a.csv', 'sale_id,customer,amount,sold_on\n1, Ann ,1.00,2024-01-02\n2,n/a,1.00,2024-01-02\n');
    const nulls = salesContract().replace(
      'customProperties:\n',
      "customProperties:\n      - property: assay.csv\n        value: { nullValues: ['n/a'] }\n",
    );
    const { values } = await tryIt(nulls);
    expect(values).toMatchObject([
      { column: 'customer', records: 1, examples: [{ sourceRowNumber: 2, old: '•••', new: null }] },
    ]);
    expect((await tryIt(nulls, '--unmasked')).values[0]?.examples).toMatchObject([{ old: 'n/a', new: null }]);
  });

  test('says so where whole files would be rejected, and where Gold could not be made', async () => {
    await drop('jan.csv', JANUARY);
    const renamed = salesContract()
      .replaceAll('name: sold_on', 'name: day')
      .replace('value: sold_on', 'value: day');
    const found = await tryIt(renamed.replace('1.0.0', '2.0.0'));
    expect(found).toMatchObject({
      counts: { silverThen: 0, out: 2 },
      flips: [{ to: 'out', code: 'FILE_REJECTED', records: 2, rule: expect.stringContaining('day') }],
      gold: [{ problem: expect.stringContaining('sold_on') }],
    });
  });

  test('what people corrected and condemned stays as it is', async () => {
    await drop('jan.csv', JANUARY);
    const json = (await runMainJson(['quarantine', 'list'], shop)).json;
    const records = QuarantineListJson.parse(json)[0]?.records ?? [];
    const of = (row: number) => records.find((one) => one.sourceRowNumber === row)?.record ?? '';
    const words = ['--dataset', 'shop.sales', '--reason', 'x'];
    await runMain(['quarantine', 'correct', of(2), 'amount=99.00', ...words], shop);
    await runMain(['quarantine', 'condemn', of(3), ...words], shop);
    const anything = PROPOSED.replace(
      'physicalType: DECIMAL(18,2)\n        required: true',
      'physicalType: DECIMAL(18,2)',
    );
    const { flips } = await tryIt(anything);
    expect(flips.filter(({ to }) => to === 'silver')).toEqual([]);
  });

  test('wants a source contract of a dataset that there is', async () => {
    const codeOf = async (text: string) => {
      await shop.write('proposed.yaml', text);
      return ErrorJson.parse((await runMainJson(['contracts', 'try', 'proposed.yaml'], shop)).json).error
        .code;
    };
    const gold = await readFile(path.join(shop.cwd, 'contracts/shop/monthly_sales.yaml'), 'utf8');
    expect(await codeOf(gold)).toBe('NOT_A_SOURCE');
    expect(await codeOf(salesContract().replace('name: sales\nversion', 'name: others\nversion'))).toBe(
      'NO_CONTRACT',
    );
    expect(await tryIt(PROPOSED)).toMatchObject({ files: 0, flips: [], gold: [{ restated: 0 }] });
  });
});
