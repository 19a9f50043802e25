import { cp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { findRecords, loadFailedRecords } from '../../etl/quarantine/records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { runMain, runMainJson } from './run-main.ts';
import {
  CondemnJson,
  ErrorJson,
  ExportJson,
  QuarantineListJson,
  QuarantineShowJson,
  ReleaseJson,
  RetryJson,
  RunsJson,
} from './shapes.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

const HEADER = 'sale_id,customer,amount,sold_on';
const ON = ['--dataset', 'shop.sales', '--reason', 'ticket 1', '--by', 'ann'];

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

const json = async (...args: string[]) => {
  const ran = await runMainJson(args, shop);
  return { code: ran.code, json: ran.json };
};
const quarantine = (...args: string[]) => json('quarantine', ...args);
const errorOf = async (...args: string[]) => ErrorJson.parse((await quarantine(...args)).json).error.code;
const run = async () => RunsJson.parse((await json('run')).json);
const drop = async (name: string, ...lines: string[]) => {
  await shop.write(name, `${[HEADER, ...lines].join('\n')}\n`);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
  return (await run())[0];
};
const query = async (sql: string) => (await json('query', sql)).json;
const list = async (...args: string[]) =>
  QuarantineListJson.parse((await quarantine('list', ...args)).json)[0]?.records ?? [];
const show = async (record: string, ...args: string[]) =>
  QuarantineShowJson.parse((await quarantine('show', record, ...args)).json);
const silver = async () => {
  const rows = await query(
    'SELECT sale_id, CAST(amount AS VARCHAR) AS amount FROM silver.shop_sales ORDER BY ALL',
  );
  return (rows as { sale_id: string; amount: string }[]).map((row) => `${row.sale_id} ${row.amount}`);
};
const optionalAmount = () => {
  const [before = '', after = ''] = salesContract().split(
    'physicalType: DECIMAL(18,2)\n        required: true',
  );
  return shop.write('contracts/shop/sales.yaml', `${before}physicalType: DECIMAL(18,2)${after}`);
};

describe('quarantine', () => {
  test('lists what is open by dataset, code, file, run and age, and shows one with its values masked', async () => {
    const one = await drop('one.csv', '1,Ann,x,2024-01-02', '2,Bob,,2024-01-03');
    const two = await drop('two.csv', '3,Eve,y,2024-01-02');
    expect((await list()).map((record) => record.sourceRowNumber)).toEqual([1, 2, 1]);
    const rows = async (...args: string[]) =>
      (await list(...args)).map(({ runId, sourceRowNumber: n }) => [runId, n]);
    expect(await rows('--code', 'NULL_VALUE')).toEqual([[one?.runId, 2]]);
    expect(await rows('--file', 'two.csv', '--dataset', 'shop.sales')).toEqual([[two?.runId, 1]]);
    expect(await rows('--run', two?.runId ?? '')).toEqual([[two?.runId, 1]]);
    expect(await rows('--older-than', '1h')).toEqual([]);
    expect(await errorOf('list', '--older-than', 'long')).toBe('USAGE');
    const [first] = await list('--file', 'one.csv');
    const shown = await show(first?.record ?? '');
    expect(shown).toMatchObject({
      state: 'open',
      sourceRowNumber: 1,
      values: { sale_id: '1', customer: '•••', amount: 'x' },
      history: [{ what: 'quarantined', by: one?.runId, details: 'TYPE_ERROR' }],
    });
    expect((await show(first?.record ?? '', '--unmasked')).values?.customer).toBe('Ann');
    expect((await runMain(['quarantine', 'list'], shop)).out).toContain('TYPE_ERROR amount');
    expect((await runMain(['quarantine', 'show', first?.record ?? ''], shop)).out).toContain(
      'quarantine correct',
    );
  });

  test('a retry under a mended contract brings records to Silver once, and they lead to their line', async () => {
    await drop('one.csv', '1,Ann,,2024-01-02', '2,Bob,x,2024-01-03', '3,Eve,1.00,2024-01-03');
    await optionalAmount();
    expect(await errorOf('retry', ...ON)).toBe('USAGE');
    const { code, json: printed } = await quarantine('retry', '--code', 'NULL_VALUE', ...ON);
    expect({ code, retry: RetryJson.parse(printed) }).toMatchObject({
      code: 0,
      retry: { records: 1, skipped: [], runs: [{ status: 'promoted', counts: { records: 1, silver: 1 } }] },
    });
    expect(
      await query(
        `SELECT s.sale_id, s.attempt_count, r.origin_row_number, r.origin_file FROM silver.shop_sales AS s
         JOIN ops.retries AS r ON r.retry_file_id = s.source_file_id AND r.source_row_number = s.source_row_number`,
      ),
    ).toEqual([
      {
        sale_id: '1',
        attempt_count: 1,
        origin_row_number: 1,
        origin_file: expect.stringContaining('one.csv'),
      },
    ]);
    expect((await list()).map(({ sourceRowNumber }) => sourceRowNumber)).toEqual([2]);
    expect(await query('SELECT source_row_number AS n, is_open FROM ops.quarantine ORDER BY ALL')).toEqual([
      { n: 1, is_open: false },
      { n: 2, is_open: true },
    ]);
    expect(await errorOf('retry', '--code', 'NULL_VALUE', ...ON)).toBe('NO_RECORDS');
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
  });

  test('a correction is an overlay: Silver has the new value once, the record stays as it came', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02', '2,Bob,1.00,2024-01-03');
    const [record] = await list();
    const { code, json: printed } = await quarantine('correct', record?.record ?? '', 'amount=5.00', ...ON);
    expect({ code, records: RetryJson.parse(printed).records }).toEqual({ code: 0, records: 1 });
    expect(await silver()).toEqual(['1 5.00', '2 1.00']);
    expect(await query('SELECT amount FROM gold.shop_monthly_sales')).toEqual([{ amount: '6.00' }]);
    expect(await show(record?.record ?? '', '--unmasked')).toMatchObject({
      state: 'corrected',
      sourceFile: expect.stringContaining('bronze/'),
      values: { amount: 'x', customer: 'Ann' },
      corrections: { amount: '5.00' },
      history: [{ what: 'quarantined' }, { what: 'corrected', by: 'ann' }, { what: 'retried' }],
    });
    expect(
      await query('SELECT decided_by, reason, field, old_value, new_value FROM ops.corrections'),
    ).toEqual([
      { decided_by: 'ann', reason: 'ticket 1', field: 'amount', old_value: 'x', new_value: '5.00' },
    ]);
    expect(await list()).toEqual([]);
    expect(await errorOf('correct', record?.record ?? '', 'amount=6.00', ...ON)).toBe('NO_RECORDS');
    expect(await errorOf('correct', record?.record ?? '', 'amuont=6.00', ...ON)).toBe('USAGE');
  });

  test('a correction that fails is another failure of the same record, and the third condemns it', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02');
    const origin = (await list())[0];
    await quarantine('correct', origin?.record ?? '', 'amount=y', ...ON);
    const [second] = await list();
    expect(second).toMatchObject({ failures: 2, sourceFile: origin?.sourceFile, sourceRowNumber: 1 });
    expect(second?.record).not.toBe(origin?.record);
    expect(await query('SELECT attempt_count FROM quarantine.shop_sales ORDER BY ALL')).toEqual([
      { attempt_count: 1 },
      { attempt_count: 2 },
    ]);
    await quarantine('correct', second?.record ?? '', 'amount=z', ...ON);
    expect(await list()).toEqual([]);
    expect(await list('--condemned')).toMatchObject([
      { sourceFile: origin?.sourceFile, reasons: [{ code: 'TYPE_ERROR' }, { code: 'MAX_ATTEMPTS' }] },
    ]);
  });

  test('a retry keeps every value as it came, so that it is the same record that fails again', async () => {
    await drop(
      'one.csv',
      '1," ""quoted"", with comma\nand line",x,2024-01-02',
      '2,,x,2024-01-02',
      '3,"",x,2024-01-02',
      '4,Žofie €,x,2024-01-02',
      '5, padded ,x,2024-01-02',
    );
    const before = await list();
    const { json: printed } = await quarantine('retry', '--all', ...ON);
    expect(RetryJson.parse(printed)).toMatchObject({ records: 5, runs: [{ counts: { quarantined: 5 } }] });
    const after = await list();
    expect(after.map(({ record, failures }) => [record, failures])).toEqual(
      before.map(({ record }) => [record, 2]),
    );
    // The same bytes once more are another retry, not a repeat: the third failure condemns.
    await quarantine('retry', '--all', ...ON);
    expect(await list('--condemned')).toHaveLength(5);
  });

  test('a condemned record gets another life when one person asks and another approves', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02');
    for (let n = 0; n < 2; n++) await quarantine('retry', '--all', ...ON);
    const [record] = await list('--condemned');
    const id = record?.record ?? '';
    await optionalAmount();
    const asked = ReleaseJson.parse((await quarantine('release', id, ...ON)).json);
    expect(asked).toMatchObject({ state: 'asked', askedBy: 'ann', records: [id] });
    const approve = ['release', '--approve', asked.request, '--dataset', 'shop.sales', '--reason', 'checked'];
    expect(await errorOf(...approve, '--by', 'ann')).toBe('SAME_PERSON');
    expect(await list('--condemned')).toHaveLength(1);
    const released = ReleaseJson.parse((await quarantine(...approve, '--by', 'bob')).json);
    expect(released).toMatchObject({ state: 'released', askedBy: 'ann', approvedBy: 'bob', records: [id] });
    expect(await errorOf(...approve, '--by', 'bob')).toBe('RELEASED');
    expect(await list()).toMatchObject([{ record: id, state: 'open', failures: 0 }]);
    // It has all its attempts again, and is no longer condemned for having been.
    await quarantine('retry', id, ...ON);
    expect(await list()).toMatchObject([{ record: id, failures: 1, reasons: [{ code: 'TYPE_ERROR' }] }]);
    await quarantine('correct', id, 'amount=2.00', ...ON);
    expect(await silver()).toEqual(['1 2.00']);
    expect(
      await query('SELECT kind, "by" FROM ops.decisions WHERE kind LIKE \'release%\' ORDER BY "at"'),
    ).toEqual([
      { kind: 'release-asked', by: 'ann' },
      { kind: 'released', by: 'bob' },
    ]);
  });

  test('a released record that passes now goes to Silver', async () => {
    await drop('one.csv', '1,Ann,,2024-01-02');
    for (let n = 0; n < 2; n++) await quarantine('retry', '--all', ...ON);
    const [record] = await list('--condemned');
    const asked = ReleaseJson.parse((await quarantine('release', record?.record ?? '', ...ON)).json);
    await optionalAmount();
    const approve = ['release', '--approve', asked.request, '--dataset', 'shop.sales', '--reason', 'checked'];
    await quarantine(...approve, '--by', 'bob');
    await quarantine('retry', '--all', ...ON);
    expect(await query('SELECT sale_id FROM silver.shop_sales')).toEqual([{ sale_id: '1' }]);
    expect([await list(), await list('--condemned')]).toEqual([[], []]);
  });

  test('what a person condemns is condemned at once when it comes again, until it is released', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02', '2,Bob,y,2024-01-02');
    const [first] = await list();
    const { code, json: printed } = await quarantine('condemn', first?.record ?? '', ...ON);
    expect({ code, condemned: CondemnJson.parse(printed) }).toEqual({
      code: 0,
      condemned: { dataset: 'shop.sales', records: [first?.record], version: 2 },
    });
    expect(await list()).toHaveLength(1);
    expect(await list('--condemned')).toMatchObject([
      {
        record: first?.record,
        reasons: [{ code: 'TYPE_ERROR' }, { code: 'CONDEMNED', rule: 'ann: ticket 1' }],
      },
    ]);
    const again = await drop('again.csv', '1,Ann,x,2024-01-02');
    expect(again).toMatchObject({ counts: { condemned: 1 }, reasons: { PREVIOUSLY_CONDEMNED: 1 } });
    expect((await drop('more.csv', '9,Ann,1.00,2024-01-02'))?.status).toBe('promoted');
  });

  test('an export comes back corrected: only what differs is, and masked values stay', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02', '2,Bob,y,2024-01-03', '3,Eve,z,2024-02-30');
    const { json: printed } = await quarantine('export', '--dataset', 'shop.sales', '--out', 'out.csv');
    expect(ExportJson.parse(printed).records).toBe(3);
    const file = path.join(shop.cwd, 'out.csv');
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/Ann|Bob|Eve/);
    await shop.write('out.csv', text.replace(',x,2024-01-02', ',7.00,2024-01-02').replace(',y,', ',8.00,'));
    const { json: done } = await quarantine('correct', '--from', 'out.csv', ...ON);
    expect(RetryJson.parse(done)).toMatchObject({
      records: 2,
      skipped: [],
      runs: [{ counts: { silver: 2 } }],
    });
    expect(await query('SELECT sale_id, customer FROM silver.shop_sales ORDER BY ALL')).toEqual([
      { sale_id: '1', customer: 'Ann' },
      { sale_id: '2', customer: 'Bob' },
    ]);
    expect(await query('SELECT field, count(*) AS n FROM ops.corrections GROUP BY ALL')).toEqual([
      { field: 'amount', n: 2 },
    ]);
    expect(await errorOf('correct', '--from', 'out.csv', ...ON)).toBe('USAGE');
    await shop.write('out.csv', text.replace('sale_id', 'saleid'));
    expect(await errorOf('correct', '--from', 'out.csv', ...ON)).toBe('USAGE');
  });

  test('a record that can’t be parsed is left out of a retry, and retried once it is given its values', async () => {
    await drop('one.csv', '1,Ann,1.00,2024-01-02,', '2,Bob,,2024-01-02');
    await optionalAmount();
    const { json: printed } = await quarantine('retry', '--all', ...ON);
    const retry = RetryJson.parse(printed);
    expect(retry).toMatchObject({
      records: 1,
      skipped: [{ why: expect.stringContaining('sale_id, sold_on') }],
    });
    const id = retry.skipped[0]?.record ?? '';
    expect(await errorOf('retry', id, ...ON)).toBe('NOTHING_TO_RETRY');
    const values = ['sale_id=1', 'customer=Ann', 'amount=1.00', 'sold_on=2024-01-02'];
    await quarantine('correct', id, ...values, ...ON);
    expect(await query('SELECT sale_id FROM silver.shop_sales ORDER BY ALL')).toEqual([
      { sale_id: '1' },
      { sale_id: '2' },
    ]);
    expect(await list()).toEqual([]);
  });

  test('a retry that is held keeps its records out of others; refused, they are open again', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02', '2,Bob,,2024-01-02');
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }'),
    );
    const { code, json: printed } = await quarantine('retry', '--all', ...ON);
    const [held] = RetryJson.parse(printed).runs;
    expect({ code, status: held?.status }).toEqual({ code: 1, status: 'held' });
    expect((await list()).map(({ state }) => state)).toEqual(['retrying', 'retrying']);
    expect(await errorOf('retry', '--all', ...ON)).toBe('NO_RECORDS');
    expect((await json('refuse', held?.runId ?? '', '--reason', 'no')).code).toBe(0);
    expect((await list()).map(({ state, failures }) => [state, failures])).toEqual([
      ['open', 1],
      ['open', 1],
    ]);
    expect((await json('readmit', held?.runId ?? '', '--reason', 'yes')).code).toBe(2);
    await optionalAmount();
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
    await quarantine('correct', (await list())[0]?.record ?? '', 'amount=1.00', ...ON);
    await quarantine('retry', '--all', ...ON);
    expect(await query('SELECT sale_id FROM silver.shop_sales ORDER BY ALL')).toEqual([
      { sale_id: '1' },
      { sale_id: '2' },
    ]);
  });

  test('a rollback takes a correction back: the record is open again, and can be corrected once more', async () => {
    const good = await drop(
      'good.csv',
      ...goodSales(50, 51).trim().split('\n').slice(1),
      '1,Ann,x,2024-01-02',
    );
    await quarantine('correct', (await list())[0]?.record ?? '', 'amount=5.00', ...ON);
    expect(await silver()).toContain('1 5.00');
    const back = ['rollback', 'shop.sales', '--to', `${good?.snapshotId}`, '--reason', 'wrong'];
    expect((await json(...back)).code).toBe(0);
    expect(await list()).toMatchObject([{ state: 'open', failures: 1, isCorrected: true }]);
    expect(await run()).toMatchObject([{ status: 'nothing-to-do' }]);
    await quarantine('correct', (await list())[0]?.record ?? '', 'amount=6.00', ...ON);
    expect((await silver()).filter((row) => row.startsWith('1 '))).toEqual(['1 6.00']);
  });

  test('killed at any step of a correction, the record comes to Silver once when somebody goes on', async () => {
    await drop('one.csv', '1,Ann,x,2024-01-02', '2,Bob,1.00,2024-01-03');
    const [record] = await list();
    const id = record?.record ?? '';
    const lakeDir = path.join(shop.cwd, 'lake');
    const contractsDir = path.join(shop.cwd, 'contracts');
    const contracts = { contractsDir, sqlDir: path.join(shop.cwd, 'sql/gold'), threads: 1 };
    await cp(lakeDir, path.join(shop.cwd, 'before'), { recursive: true });
    let died = 0;
    // Every third change of the lake, from the first to the last.
    for (let last = 1; ; last += 3) {
      await rm(lakeDir, { recursive: true });
      await cp(path.join(shop.cwd, 'before'), lakeDir, { recursive: true });
      const { effects } = await openLake(lakeDir, contracts);
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
      const contract = requireSourceContract(await loadContracts(effects.contracts), 'shop.sales');
      const word = { by: 'ann', reason: 'ticket 1' };
      const correct = async (through: typeof effects): Promise<void> => {
        const [open] = await withEngine(effects.engine, shop.cwd, async (engine) => {
          await loadFailedRecords(engine, effects, 'shop.sales');
          return findRecords(engine, { ids: [id] }, { states: ['open'] });
        });
        if (open === undefined) return;
        const values = { amount: '5.00' };
        await keepCorrections(through, contract, [{ record: open, values }], word);
        await retryRecords(through, contract, [{ ...open, corrections: values }], word);
      };
      const killed = await correct(doomed)
        .then(() => runDataset('shop.sales', doomed))
        .then(
          () => step >= last,
          () => true,
        );
      await correct(effects);
      await runDataset('shop.sales', effects);
      expect({ last, silver: await silver(), open: await list() }).toEqual({
        last,
        silver: ['1 5.00', '2 1.00'],
        open: [],
      });
      if (!killed) break;
      died++;
    }
    expect(died).toBeGreaterThan(8);
    expect((await json('audit')).code).toBe(0);
  });
});
