import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { listRestatements } from '../../etl/closing/list-restatements.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Closed months of a report whose key lacks its month, so that a row may leave one for another, and whose columns change. */

const REPORT = 'test.latest';
const GOLD = `apiVersion: v3.1.0
kind: DataContract
id: urn:test:latest
domain: test
name: latest
version: 1.0.0
status: active
team: {name: test}
schema:
  - name: latest
    properties:
      - {name: id, logicalType: string, required: true, primaryKey: true, classification: public}
      - {name: as_of_month, logicalType: date, required: true, classification: public}
      - {name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", required: true, classification: public}
    customProperties:
      - {property: assay.layer, value: gold}
      - {property: assay.sql, value: test/latest.sql}
      - {property: assay.inputs, value: [test.records]}
      - {property: assay.affects, value: same-month}
      - {property: assay.partitionColumn, value: as_of_month}
`;
const SQL = `SELECT id, CAST(date_trunc('month', paid_on) AS DATE) AS as_of_month, amount FROM silver.test_records
WHERE paid_on >= {{from_month}} AND paid_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)`;
const WORD = { by: 'ann', reason: 'year end' };
const csv = (...records: string[]): string => `id,paid_on,amount,note\n${records.join('\n')}\n`;

let lake: TestLake;
beforeEach(async () => {
  const source = contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, duplicates: 'replace' } });
  lake = await testLake({ contracts: [source, GOLD], sql: { 'test/latest.sql': SQL } });
  await lake.dropAndRun({ 'a.csv': csv('1,2024-01-05,1.00,', '2,2024-01-06,2.00,', '3,2024-02-07,3.00,') });
});
afterEach(() => lake.dispose());

const report = async (): Promise<string[]> =>
  (await lake.gold(REPORT))
    .map(
      ({ id, as_of_month: month, amount }) =>
        `${String(month).slice(0, 7)} ${id} ${Number(amount).toFixed(2)}`,
    )
    .sort();

test('a row that leaves a closed month stands there as it was closed, and where it is now, and the report goes on', async () => {
  const { effects } = lake.lake;
  await closeMonth(effects, { report: REPORT, month: '2024-01' }, WORD);
  // Payment 2 is of March after all, and another one is new.
  const moved = await lake.dropAndRun({ 'b.csv': csv('2,2024-03-01,2.00,', '4,2024-03-02,4.00,') });
  expect(moved.status).toBe('promoted');
  expect(await report()).toEqual([
    '2024-01 1 1.00',
    '2024-01 2 2.00',
    '2024-02 3 3.00',
    '2024-03 2 2.00',
    '2024-03 4 4.00',
  ]);
  const waiting = await listRestatements(effects, [REPORT]);
  expect(JSON.stringify(waiting)).toContain('2024-01');
  // The next refresh goes on, too, and the audit knows of the difference that waits.
  expect((await lake.dropAndRun({ 'c.csv': csv('5,2024-03-03,5.00,') })).status).toBe('promoted');
  expect(await report()).toContain('2024-03 5 5.00');
  expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
});

test('of months that are open a key still stands once', async () => {
  const moved = await lake.dropAndRun({ 'b.csv': csv('2,2024-03-01,2.00,') });
  expect(moved.status).toBe('promoted');
  expect(await report()).toEqual(['2024-01 1 1.00', '2024-02 3 3.00', '2024-03 2 2.00']);
});

test('a column that is added is a first value, and restates nothing', async () => {
  await lake.setContract(
    SQL.replace('amount FROM', "amount, 'north' AS region FROM"),
    '../sql/test/latest.sql',
  );
  await lake.setContract(
    GOLD.replace('version: 1.0.0', 'version: 1.1.0').replace(
      '    customProperties:',
      '      - {name: region, logicalType: string, classification: public}\n    customProperties:',
    ),
    'c1.yaml',
  );
  const added = await lake.dropAndRun({ 'b.csv': csv('4,2024-01-08,4.00,') });
  expect(added.status).toBe('promoted');
  expect(await report()).toEqual(['2024-01 1 1.00', '2024-01 2 2.00', '2024-01 4 4.00', '2024-02 3 3.00']);
  const restated = lake.alerts.filter(({ kind }) => kind === 'figures-restated');
  expect(JSON.stringify(restated)).not.toContain('region');
});

test('a new version that has no place for closed values changes nothing, and says what to do', async () => {
  const { effects } = lake.lake;
  await lake.dropAndRun({ 'b.csv': csv('1,2024-01-05,150.00,') });
  await closeMonth(effects, { report: REPORT, month: '2024-01' }, WORD);
  await lake.dropAndRun({ 'c.csv': csv('1,2024-01-05,1.00,') });
  const closed = ['2024-01 1 150.00', '2024-01 2 2.00', '2024-02 3 3.00'];
  expect(await report()).toEqual(closed);
  const withAmounts = async (version: string, type: string): Promise<void> => {
    await lake.setContract(
      SQL.replace('amount FROM', `CAST(amount AS ${type}) AS amount FROM`),
      '../sql/test/latest.sql',
    );
    await lake.setContract(GOLD.replace('1.0.0', version).replace('DECIMAL(18,2)', type), 'c1.yaml');
  };
  await withAmounts('2.0.0', 'DECIMAL(3,2)');
  await expect(lake.dropAndRun({ 'd.csv': csv('4,2024-03-02,4.00,') })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'CLOSED_ROWS_DO_NOT_FIT',
    message: expect.stringContaining('assay reopen test.latest --month 2024-01'),
  });
  expect(await report()).toEqual(closed);
  await withAmounts('2.0.0', 'DECIMAL(20,3)');
  await lake.dropAndRun({ 'e.csv': csv('5,2024-03-03,5.00,') });
  expect(await report()).toEqual([...closed, '2024-03 4 4.00', '2024-03 5 5.00']);
  expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
});
