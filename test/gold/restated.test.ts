import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { restatementsKey } from '../../etl/naming/closings.ts';
import { alertKey } from '../../etl/naming/told.ts';
import { restatedBy } from '../../etl/operations/restated.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** Published figures that change are told; old and new are written out by hand. */

const SOURCE = contractText({ ...PAYMENTS, dataset: 'shop.payments' });
const gold = (name: string, key: readonly string[], affects: string): string =>
  contractText({
    dataset: `shop.${name}`,
    partitionColumn: 'month',
    columns: [
      { name: 'month', type: 'date', required: true, key: key.includes('month') },
      { name: 'note', key: key.includes('note'), classification: 'personal' },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)' },
      { name: 'payer', classification: 'confidential' },
    ],
    assay: { layer: 'gold', sql: `shop/${name}.sql`, inputs: ['shop.payments'], affects },
  });
const BY_NOTE = `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, note, CAST(SUM(amount) AS DECIMAL(38,2)) AS total, MAX(id) AS payer
  FROM silver.shop_payments WHERE paid_on >= {{from_month}} AND paid_on < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1, 2`;
const TOTALS = `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, CAST(NULL AS VARCHAR) AS note, CAST(SUM(amount) AS DECIMAL(38,2)) AS total, CAST(NULL AS VARCHAR) AS payer
  FROM silver.shop_payments WHERE paid_on >= {{from_month}} AND paid_on < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

const file = (...rows: string[]): string => `id,paid_on,amount,note\n${rows.join('\n')}\n`;
const RUN = { dataset: 'shop.payments' };

let lake: TestLake;
beforeEach(async () => {
  lake = await testLake({
    contracts: [
      SOURCE,
      gold('totals', ['month'], 'same-month'),
      gold('by_note', ['month', 'note'], 'month-and-later'),
    ],
    sql: { 'shop/totals.sql': TOTALS, 'shop/by_note.sql': BY_NOTE },
  });
});
afterEach(() => lake.dispose());

const told = () => lake.alerts.filter(({ kind }) => kind === 'figures-restated');
const restated = async (runId: string, report = 'shop.totals') =>
  (await restatedBy(lake.lake.effects, { ...RUN, runId })).restated.filter((one) => one.report === report);

describe('a month that was over when it was published', () => {
  test('says nothing of first values, and tells each that changes afterwards, old beside new', async () => {
    lake.setTime('2024-03-05T06:00:00Z');
    await lake.dropAndRun({ 'a.csv': file('1,2024-01-05,1.00,a', '2,2024-02-05,2.00,b') });
    await lake.dropAndRun({ 'm.csv': file('3,2024-03-01,4.00,c') });
    expect(told()).toEqual([]);
    const { record } = await lake.dropAndRun({ 'late.csv': file('4,2024-01-31,0.50,a') });
    const runId = record?.runId ?? '';
    expect(await restated(runId)).toEqual([
      {
        report: 'shop.totals',
        month: '2024-01',
        key: { month: '2024-01-01' },
        column: 'total',
        old: '1.00',
        new: '1.50',
        isTold: true,
      },
    ]);
    const alerts = told();
    expect(alerts.map(({ dataset }) => dataset).sort()).toEqual(['shop.by_note', 'shop.totals']);
    const [total] = alerts.filter(({ dataset }) => dataset === 'shop.totals');
    expect(total).toMatchObject({
      runId,
      title: '1 published figure of shop.totals changed in 2024-01, which was over when published.',
      details: {
        restated: 1,
        months: ['2024-01'],
        figures: [{ month: '2024-01', column: 'total', old: '1.00', new: '1.50' }],
      },
    });
    // The same again changes nothing.
    await lake.dropAndRun({ 'zero.csv': file('5,2024-01-31,0.00,a') });
    expect(told().filter(({ dataset }) => dataset === 'shop.totals')).toHaveLength(1);
  });

  test('values of columns that are neither public nor internal leave in no alert and no list', async () => {
    await lake.dropAndRun({ 'a.csv': file('1,2024-01-05,1.00,Mrs Secret') });
    const { record } = await lake.dropAndRun({ 'late.csv': file('2,2024-01-31,0.50,Mrs Secret') });
    const alert = told().find(({ dataset }) => dataset === 'shop.by_note');
    expect(alert?.details.figures).toEqual([
      {
        month: '2024-01',
        key: { month: '2024-01-01', note: '•••' },
        column: 'payer',
        old: '•••',
        new: '•••',
      },
      {
        month: '2024-01',
        key: { month: '2024-01-01', note: '•••' },
        column: 'total',
        old: '1.00',
        new: '1.50',
      },
    ]);
    expect(JSON.stringify([lake.alerts, await restated(record?.runId ?? '', 'shop.by_note')])).not.toContain(
      'Secret',
    );
  });
});

describe('a month that was still running when its figure was published', () => {
  test('is told of once its figure was published after its end, and not before', async () => {
    lake.setTime('2024-01-10T06:00:00Z');
    await lake.dropAndRun({ 'a.csv': file('1,2024-01-05,1.00,a') });
    await lake.dropAndRun({ 'b.csv': file('2,2024-01-09,2.00,a') });
    lake.setTime('2024-02-01T00:00:00Z');
    const { record } = await lake.dropAndRun({ 'c.csv': file('3,2024-01-31,4.00,a') });
    expect(told()).toEqual([]);
    // It is kept all the same, for whoever asks.
    expect(await restated(record?.runId ?? '')).toMatchObject([{ old: '3.00', new: '7.00', isTold: false }]);
    lake.setTime('2024-02-20T06:00:00Z');
    await lake.dropAndRun({ 'd.csv': file('4,2024-01-31,8.00,a', '5,2024-02-19,1.00,a') });
    const [alert] = told().filter(({ dataset }) => dataset === 'shop.totals');
    expect(alert?.details).toMatchObject({ restated: 1, figures: [{ old: '7.00', new: '15.00' }] });
    const [, other] = told().filter(({ dataset }) => dataset === 'shop.totals');
    expect(other).toBeUndefined();
  });
});

test('what was restated is told before it is published, so that a process that dies then is heard', async () => {
  await lake.dropAndRun({ 'a.csv': file('1,2024-01-05,1.00,a') });
  const { objects } = lake.lake.effects;
  const real = lake.lake.effects.alerts;
  await real.send({
    kind: 'figures-restated',
    dataset: 'shop.totals',
    runId: 'r',
    at: '2024-06-01T06:00:00.000Z',
    title: 't',
    readersSee: 'r',
    nextCommand: 'n',
    details: {},
  });
  // One document for each table that a run restates.
  expect(await objects.get(alertKey('r', 'figures-restated', 'shop.totals'))).toBeDefined();
  const { record } = await lake.dropAndRun({ 'b.csv': file('2,2024-01-05,1.00,a') });
  const stored = await objects.get(restatementsKey('shop.totals', record?.runId ?? ''));
  const bytes = new Uint8Array(stored?.body ?? []);
  const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, compressors });
  expect(rows).toMatchObject([
    { dataset: 'shop.totals', column: 'total', old_value: '1.00', new_value: '2.00', was_over: true },
  ]);
});
