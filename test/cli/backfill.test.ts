import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { runMain, runMainJson } from './run-main.ts';
import { BackfillJson, ErrorJson, QuarantineListJson, SnapshotsJson } from './shapes.ts';
import { keepShop, openShop, type Shop, salesContract } from './shop.ts';

const HEADER = 'sale_id,customer,amount,sold_on';
/** Good ones, one whose amount the contract can't read at first, one that nothing can read, and a repeat. */
const JANUARY = `${HEADER}
1,Ann,10.00,2024-01-02
2,Bob,£2.50,2024-01-03
3,Eve,x,2024-01-04
1,Ann,10.00,2024-01-02
`;
const FEBRUARY = `${HEADER}
4,Dan,1.00,2024-02-01
5,Joe,£3.25,2024-02-02
6,Sue,7.00,2024-01-20
`;

let shop: Shop;
let kept: Awaited<ReturnType<typeof keepShop>>;
beforeAll(async () => {
  shop = await openShop();
  await drop('2024-01-31', 'jan.csv', JANUARY);
  await drop('2024-02-28', 'feb.csv', FEBRUARY);
  kept = await keepShop(shop);
});
beforeEach(() => kept.putBack());
afterAll(() => kept.dispose());

const bronze = () => path.join(shop.cwd, 'lake/bronze/shop/sales');
/** Publishes a file as if it had been dropped on a day. */
const drop = async (day: string, name: string, text: string) => {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  const today = (await readdir(bronze())).sort().at(-1) ?? '';
  await rename(path.join(bronze(), today), path.join(bronze(), `ingest_date=${day}`));
  expect((await runMain(['run'], shop)).code).toBe(0);
};
/** A contract that reads amounts with a pound sign, too. */
const readPounds = (limits?: string) =>
  shop.write(
    'contracts/shop/sales.yaml',
    salesContract(limits)
      .replace('version: 1.0.0', 'version: 1.1.0')
      .replace(
        'What was paid.\n',
        `What was paid.
        customProperties:
          - property: assay.number
            value: { symbols: ['£'] }
`,
      ),
  );
const ok = async (...args: string[]) => {
  const { code, json } = await runMainJson(args, shop);
  expect({ args, code, json }).toMatchObject({ args, code: 0 });
  return json;
};
const errorOf = async (...args: string[]) => ErrorJson.parse((await runMainJson(args, shop)).json).error.code;
const backfill = async (...args: string[]) => {
  const words = ['backfill', 'shop.sales', '--reason', 'pounds', '--by', 'ann', ...args];
  return BackfillJson.parse(await ok(...words));
};
const query = (sql: string) => ok('query', sql);
const silver = () => query('SELECT sale_id, amount, sold_on FROM silver.shop_sales ORDER BY sale_id');
const figures = () =>
  query(
    'SELECT CAST(as_of_month AS VARCHAR) AS m, sales AS n, amount AS a FROM gold.shop_monthly_sales ORDER BY ALL',
  );
const open = async () =>
  QuarantineListJson.parse(await ok('quarantine', 'list')).flatMap(({ records }) =>
    records.map(({ sourceFile, sourceRowNumber, failures }) => [
      path.basename(sourceFile),
      sourceRowNumber,
      failures,
    ]),
  );

/** What the lake shows once everything that can be read is. */
const AFTER = {
  figures: [
    { m: '2024-01-01', n: 3, a: '19.50' },
    { m: '2024-02-01', n: 2, a: '4.25' },
  ],
  open: [['jan.csv', 3, 1]],
};

describe('backfill', () => {
  test('replaces the old rows of files by what the contract makes of them now, in one snapshot, and lists restated figures', async () => {
    const before = SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));
    expect(await open()).toEqual([
      ['jan.csv', 2, 1],
      ['jan.csv', 3, 1],
      ['feb.csv', 2, 1],
    ]);
    await readPounds();
    expect(await ok('run')).toMatchObject([{ status: 'nothing-to-do' }]);
    const planned = await backfill('--from', '2024-01-01', '--dry-run');
    expect(planned).toMatchObject({
      files: [expect.stringContaining('jan.csv'), expect.stringContaining('feb.csv')],
      run: null,
    });
    const done = await backfill('--from', '2024-01-01', '--contract', '1.1.0');
    expect(done).toMatchObject({
      contractVersion: '1.1.0',
      upToDate: 0,
      run: { status: 'promoted', counts: { records: 7, silver: 5, quarantined: 1, condemned: 1 } },
      restated: [
        { report: 'shop.monthly_sales', month: '2024-01', column: 'amount', old: '17.00', new: '19.50' },
        { column: 'sales', old: '2', new: '3' },
        { month: '2024-02', column: 'amount', old: '1.00', new: '4.25' },
        { column: 'sales' },
      ],
    });
    expect(await figures()).toEqual(AFTER.figures);
    expect(await silver()).toHaveLength(5);
    expect(await open()).toEqual(AFTER.open);
    const after = SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));
    expect(after.length).toBe(before.length + 1);
    expect(after[0]).toMatchObject({ addedRecords: 5, removedRecords: 3, totalRecords: 5 });
    await ok('audit');
    expect(await query('SELECT kind, "by", reason FROM ops.decisions')).toEqual([
      { kind: 'backfilled', by: 'ann', reason: 'pounds' },
    ]);
    expect(await query('SELECT count(*) AS n FROM ops.quarantine WHERE is_open')).toEqual([{ n: 1 }]);
  });

  test('twice changes nothing: it has nothing to read; made to, it gives the same, and counts no attempt', async () => {
    await readPounds();
    await backfill('--from', '2024-01-01');
    const rows = await silver();
    expect(await backfill('--from', '2024-01-01')).toMatchObject({ files: [], upToDate: 2, run: null });
    for (let n = 0; n < 3; n++) {
      const again = await backfill('--from', '2024-01-01', '--again');
      expect(again).toMatchObject({ run: { status: 'promoted' }, restated: [] });
      expect(again.files).toHaveLength(2);
    }
    expect(await silver()).toEqual(rows);
    expect(await figures()).toEqual(AFTER.figures);
    expect(await open()).toEqual(AFTER.open);
    expect(await query('SELECT max(attempt_count) AS n FROM silver.shop_sales')).toEqual([{ n: 0 }]);
    await ok('audit');
  });

  test('reads only the files of the time asked for; others keep their rows, and win where a key is theirs', async () => {
    await drop('2024-03-31', 'mar.csv', `${HEADER}\n2,Bob,9.99,2024-03-01\n`);
    await readPounds();
    const done = await backfill('--from', '2024-01-01', '--to', '2024-02-28');
    expect(done).toMatchObject({
      files: [expect.stringContaining('jan.csv')],
      run: { counts: { silver: 1, quarantined: 1, condemned: 2 }, reasons: { DUPLICATE: 2 } },
      restated: [],
    });
    expect(await silver()).toMatchObject([
      { sale_id: '1' },
      { sale_id: '2', amount: '9.99' },
      { sale_id: '4' },
      { sale_id: '6' },
    ]);
    expect(await open()).toEqual([
      ['jan.csv', 3, 1],
      ['feb.csv', 2, 1],
    ]);
    await ok('audit');
  });

  test('what people corrected stays corrected, and what they condemned stays condemned', async () => {
    const list = QuarantineListJson.parse(await ok('quarantine', 'list'))[0]?.records ?? [];
    const of = (file: string, row: number) =>
      list.find((one) => one.sourceFile.endsWith(file) && one.sourceRowNumber === row)?.record ?? '';
    const words = ['--dataset', 'shop.sales', '--reason', 'x'];
    await ok('quarantine', 'correct', of('jan.csv', 3), 'amount=5.00', ...words);
    await ok('quarantine', 'condemn', of('feb.csv', 2), ...words);
    await readPounds();
    const { run } = await backfill('--from', '2024-01-01');
    expect(run).toMatchObject({
      counts: { silver: 4, condemned: 2, quarantined: 1 },
      reasons: { PREVIOUSLY_CONDEMNED: 1 },
    });
    expect(await silver()).toMatchObject(['1', '2', '3', '4', '6'].map((sale_id) => ({ sale_id })));
    expect(await open()).toEqual([]);
    await ok('audit');
  });

  test('of a held backfill nothing is seen until it is approved, also where another run was first', async () => {
    await readPounds('{ maxQuarantineRate: 0.05, smallBatchRecords: 2 }');
    const { code, json } = await runMainJson(
      ['backfill', 'shop.sales', '--from', '2024-01-01', '--reason', 'x'],
      shop,
    );
    const held = BackfillJson.parse(json);
    expect({ code, status: held.run?.status, restated: held.restated }).toEqual({
      code: 1,
      status: 'held',
      restated: [],
    });
    expect(await silver()).toHaveLength(3);
    expect(await backfill('--from', '2024-01-01')).toMatchObject({ files: [], held: 2 });
    await drop('2024-04-30', 'apr.csv', `${HEADER}\n7,Amy,1.00,2024-04-01\n`);
    await ok('approve', held.run?.runId ?? '', '--digest', held.run?.sealDigest ?? '', '--reason', 'x');
    expect(await silver()).toHaveLength(6);
    expect(await figures()).toMatchObject([...AFTER.figures, { m: '2024-04-01' }]);
    await ok('audit');
  });

  test('is taken back by a rollback, whose files stay published as they were, and can be done again', async () => {
    const [before] = SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));
    await readPounds();
    const { run } = await backfill('--from', '2024-01-01');
    const back = (to = 0) => ok('rollback', 'shop.sales', '--to', String(to), '--reason', 'x');
    expect(await back(before?.snapshotId)).toMatchObject({ rolledBack: [{ runId: run?.runId, files: [] }] });
    expect(await silver()).toHaveLength(3);
    expect(await open()).toHaveLength(3);
    expect(await ok('run')).toMatchObject([{ status: 'nothing-to-do' }]);
    await ok('audit');
    expect(await query(`SELECT status FROM ops.runs WHERE run_id = '${run?.runId}'`)).toEqual([
      { status: 'rolled-back' },
    ]);
    expect((await backfill('--from', '2024-01-01')).run?.status).toBe('promoted');
    expect(await figures()).toEqual(AFTER.figures);
    await ok('audit');
  });

  test('holds where a file that was published can’t be read any more', async () => {
    const text = salesContract().replace(
      '      - name: sold_on',
      `      - name: till
        logicalType: string
        required: true
        classification: public
        description: Which till.
      - name: sold_on`,
    );
    await shop.write('contracts/shop/sales.yaml', text.replace('version: 1.0.0', 'version: 1.1.0'));
    const { code, json } = await runMainJson(
      ['backfill', 'shop.sales', '--from', '2024-01-01', '--reason', 'x'],
      shop,
    );
    expect({ code, run: BackfillJson.parse(json).run }).toMatchObject({
      code: 1,
      run: { status: 'held', why: [expect.stringContaining("can't be read any more")] },
    });
    expect(await query('SELECT count(*) AS n FROM silver.shop_sales')).toEqual([{ n: 3 }]);
  });

  test('killed at any step, shows the old rows or the new, and what is begun again ends the same', async () => {
    await readPounds();
    const options = {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    };
    const { effects } = await openLake(path.join(shop.cwd, 'lake'), options);
    let deaths = 0;
    for (let last = 2; ; last += 3) {
      let step = 0;
      const dying =
        <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
        (...args: A): Promise<R> =>
          ++step >= last ? Promise.reject(new Error('killed')) : change(...args);
      const { objects, data } = effects;
      const doomed = {
        ...effects,
        objects: { ...objects, put: dying(objects.put), remove: dying(objects.remove) },
        data: { ...data, publish: dying(data.publish) },
      };
      const chosen = await chooseFiles(effects, {
        dataset: 'shop.sales',
        from: '2024-01-01',
        isAgain: false,
      });
      if (chosen.keys.length === 0) break;
      const request = await askForBackfill(effects, chosen, { by: 'ann', reason: 'x' });
      await runOnce('shop.sales', doomed, request).catch(() => undefined);
      deaths++;
      expect([3, 5]).toContain(((await silver()) as unknown[]).length);
      expect((await runMain(['audit', '--dataset', 'shop.sales'], shop)).code).toBe(0);
    }
    await ok('run');
    expect(deaths).toBeGreaterThan(3);
    expect(await figures()).toEqual(AFTER.figures);
    expect(await open()).toEqual(AFTER.open);
    await ok('audit');
  });

  test('says what is wrong with what was asked for', async () => {
    const reason = ['--reason', 'x'];
    expect(await errorOf('backfill', 'shop.sales', ...reason)).toBe('USAGE');
    expect(await errorOf('backfill', 'shop.sales', '--from', '2024-02-30', ...reason)).toBe('USAGE');
    expect(await errorOf('backfill', 'shop.sales', '--from', '2024-01-01')).toBe('USAGE');
    const wrong = ['--from', '2024-01-01', '--contract', '7.0.0'];
    expect(await errorOf('backfill', 'shop.sales', ...wrong, ...reason)).toBe('CONTRACT_VERSION');
  });
});
