import { afterEach, describe, expect, test } from '@jest/globals';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

const SOURCE = contractText({ ...PAYMENTS, dataset: 'shop.payments' });
const goldContract = (key: string): string =>
  contractText({
    dataset: 'shop.totals',
    partitionColumn: 'month',
    columns: [
      { name: 'month', type: 'date', required: true, key: key === 'month' },
      { name: 'note', key: key === 'note' },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)' },
    ],
    assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: ['shop.payments'], affects: 'same-month' },
  });

const sql = (
  to: string,
): string => `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, MIN(note) AS note, CAST(SUM(amount) AS DECIMAL(38,2)) AS total
  FROM silver.shop_payments WHERE paid_on >= {{from_month}} AND paid_on < ${to} GROUP BY 1`;
const RIGHT = sql("{{to_month}} + INTERVAL '1' MONTH");
const TOO_WIDE = sql("{{to_month}} + INTERVAL '2' MONTH");

const file = (...rows: string[]): string => `id,paid_on,amount,note\n${rows.join('\n')}\n`;
const THREE = file('1,2024-01-05,1.00,a', '2,2024-02-05,2.00,b', '3,2024-03-05,3.00,c');

let lake: TestLake;
afterEach(() => lake.dispose());

const open = async (text: string, key = 'month'): Promise<void> => {
  lake = await testLake({ contracts: [SOURCE, goldContract(key)], sql: { 'shop/totals.sql': text } });
};
const totals = async (): Promise<string[]> =>
  (await lake.gold('shop.totals'))
    .map(
      (row) =>
        `${new Date(row.month as Date).toISOString().slice(0, 7)} ${String(row.note)} ${String(row.total)}`,
    )
    .sort();

describe('Gold SQL whose window is a month too wide', () => {
  test('is refused where several separate months changed, and Gold stays as it was', async () => {
    await open(TOO_WIDE);
    // One range, and no fourth month: nothing shows yet.
    expect((await lake.dropAndRun({ 'a.csv': THREE })).status).toBe('promoted');
    const before = await totals();
    expect(before).toHaveLength(3);
    await expect(
      lake.dropAndRun({ 'b.csv': file('4,2024-01-06,1.00,a', '5,2024-03-06,3.00,c') }),
    ).rejects.toMatchObject({
      code: 'GOLD_BREAKS_CONTRACT',
      message: expect.stringContaining('1 rows lie outside of the months asked for, 2024-01 to 2024-01'),
    });
    expect(await totals()).toEqual(before);
  });

  test('one with the right window brings each month once', async () => {
    await open(RIGHT);
    await lake.dropAndRun({ 'a.csv': THREE });
    await lake.dropAndRun({ 'b.csv': file('4,2024-01-06,1.00,a', '5,2024-03-06,3.00,c') });
    // Added up by hand.
    expect(await totals()).toEqual(['2024-01 a 2', '2024-02 b 2', '2024-03 c 6']);
  });
});

describe('a Gold key without the partition column', () => {
  test('stands once in the whole table, also where only one of its months is made anew', async () => {
    await open(RIGHT, 'note');
    await lake.dropAndRun({ 'a.csv': THREE });
    const before = await totals();
    // 'b' is the key of February, which is kept.
    await expect(lake.dropAndRun({ 'b.csv': file('4,2024-04-06,1.00,b') })).rejects.toMatchObject({
      code: 'GOLD_BREAKS_CONTRACT',
      message: expect.stringContaining('1 keys (note) stand in other months too'),
    });
    expect(await totals()).toEqual(before);
  });
});

test('Gold SQL that is none leaves Gold as it was, and says why', async () => {
  await open("SELECT month, note, total FROM read_csv('/etc/passwd')");
  await expect(lake.dropAndRun({ 'a.csv': THREE })).rejects.toMatchObject({
    code: 'GOLD_SQL',
    message: expect.stringContaining("reads the table function 'read_csv'; read silver.shop_payments"),
  });
});

describe('Gold whose numbers outgrow their types', () => {
  const wide = (physicalType: string): string[] => [
    contractText({
      dataset: 'shop.payments',
      partitionColumn: 'paid_on',
      columns: [
        { name: 'id', key: true },
        { name: 'paid_on', type: 'date', required: true },
        { name: 'amount', type: 'number', physicalType: 'DECIMAL(38,2)', required: true },
      ],
    }),
    contractText({
      dataset: 'shop.totals',
      partitionColumn: 'month',
      columns: [
        { name: 'month', type: 'date', key: true },
        { name: 'total', type: 'number', physicalType },
      ],
      assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: ['shop.payments'], affects: 'same-month' },
    }),
  ];
  const sums = (
    type: string,
  ): string => `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, CAST(SUM(amount) AS ${type}) AS total
  FROM silver.shop_payments WHERE paid_on >= {{from_month}} AND paid_on < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;
  const rows = (amount: string): string =>
    `id,paid_on,amount\n${[1, 2].map((id) => `${id},2024-01-05,${amount}`).join('\n')}\n`;

  test.each([
    ['a sum past 38 digits', 'DECIMAL(38,2)', `${'9'.repeat(36)}.99`, '38 digits at most'],
    ["a sum past its column's type", 'DECIMAL(18,2)', `${'9'.repeat(16)}.99`, 'Give the column a wider type'],
  ])('%s says what to do, and no value of it', async (_, type, amount, advice) => {
    lake = await testLake({ contracts: wide(type), sql: { 'shop/totals.sql': sums(type) } });
    const failed = await lake.dropAndRun({ 'a.csv': rows(amount) }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'GOLD_OVERFLOW', message: expect.stringContaining(advice) });
    expect((failed as Error).message).not.toContain('999');
    // Silver is published all the same.
    expect(await lake.rows('silver')).toHaveLength(2);
  });
});
