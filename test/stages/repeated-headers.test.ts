import { afterEach, expect, test } from '@jest/globals';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/**
 * Header lines among records: of joined files, and of files whose contract names the columns. What is expected of them is
 * written out by hand.
 */

let lake: TestLake;
afterEach(() => lake.dispose());

const HEADER = 'id,paid_on,amount,note';
const payments = (csv: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) =>
  contractText({ ...PAYMENTS, assay: { csv, measures: [{ column: 'amount' }], ...more } });
const idsOf = async (): Promise<unknown[]> => (await lake.rows('silver')).map(({ id }) => id).sort();

/** So many records, each with an id of its own. */
const records = (prefix: string, count: number): string =>
  Array.from({ length: count }, (_, n) => `${prefix}${n},2024-01-05,1.00,x\n`).join('');

test('files joined one behind the other are read as each of them would be, in one piece or in ranges', async () => {
  const joined = [
    `${HEADER}\n${records('a', 40)}`,
    // As each source may write its own: in quotes, behind a byte order mark, with other blanks and capitals.
    `\ufeff"ID","Paid_On","Amount","Note"\n${records('b', 40)}`,
    ` id ,\u00a0paid_on,amount,note\r\n${records('id', 40)}`,
    `${HEADER}\n${HEADER}\n${records('c', 40)}`,
  ].join('');
  for (const ranges of [{}, { segmentBytes: 300, chunkBytes: 700 }]) {
    lake = await testLake({ contracts: [payments({ repeatedHeader: 'skip' })], ...ranges });
    const { record, status, seal } = await lake.dropAndRun({ 'joined.csv': joined });
    expect(status).toBe('promoted');
    expect(record?.counts).toEqual({ records: 164, silver: 160, quarantined: 0, condemned: 0, blank: 4 });
    expect(record?.files[0]?.note).toBe('4 of its blank records are its header line again');
    expect(seal?.unproven).toEqual([]);
    expect(seal?.controlTotals[0]).toMatchObject({ in: '160.00', silver: '160.00' });
    expect((await idsOf()).length).toBe(160);
    if (Object.keys(ranges).length === 0) await lake.dispose();
  }
});

test('a header in every file of a dataset without headers is passed over, file after file, and a file without one is read', async () => {
  const csv = { columns: ['id', 'paid_on', 'unused', 'amount'], repeatedHeader: 'skip' };
  lake = await testLake({ contracts: [payments(csv)] });
  for (const n of [1, 2, 3, 4]) {
    const { record } = await lake.dropAndRun({
      [`${n}.csv`]: `Id,Paid_on,Colour,AMOUNT\n${n},2024-01-05,red,1\n`,
    });
    expect(record?.counts).toEqual({ records: 2, silver: 1, quarantined: 0, condemned: 0, blank: 1 });
    expect(record?.files[0]?.note).toBe('1 of its blank records is its header line again');
  }
  const { record } = await lake.dropAndRun({ 'none.csv': '5,2024-01-05,red,1\n' });
  expect(record?.counts).toMatchObject({ records: 1, silver: 1, blank: 0 });
  expect(await idsOf()).toEqual(['1', '2', '3', '4', '5']);
  expect(await lake.rows('condemned')).toEqual([]);
});

test('only a record with all of the names is a header line: one with any other value fails, and is not lost', async () => {
  const csv = { repeatedHeader: 'skip' };
  lake = await testLake({ contracts: [payments(csv, { limits: { maxQuarantineRate: 1 } })] });
  const near = ['id,paid_on,amount,', 'id,paid_on,amount', 'id,paid_on,amount,note,', 'id,2024-01-05,1,note'];
  const { record } = await lake.dropAndRun({ 'a.csv': `${HEADER}\n${near.join('\n')}\n` });
  expect(record?.counts).toEqual({ records: 4, silver: 1, quarantined: 3, condemned: 0, blank: 0 });
  expect(await idsOf()).toEqual(['id']);
});

test('without the option a header line is told for what it is, and what to set', async () => {
  lake = await testLake({ contracts: [payments({}, { limits: { maxQuarantineRate: 1 } })] });
  const { record } = await lake.dropAndRun({ 'a.csv': `${HEADER}\n1,2024-01-05,1,x\n\n${HEADER}\n` });
  expect(record?.counts).toEqual({ records: 3, silver: 1, quarantined: 1, condemned: 0, blank: 1 });
  const [row] = await lake.rows('quarantine');
  expect(row).toMatchObject({ source_row_number: 3n, source_line: 4n, raw_text: HEADER });
  expect(row?.reasons).toEqual([
    {
      rule: 'the header line again',
      column: null,
      code: 'STRUCTURE_ERROR',
      value: 'to pass over such lines, set repeatedHeader: skip in assay.csv',
    },
  ]);
});

test('where every column is a text, a record that reads like the header stays a record unless the contract says so', async () => {
  const texts = {
    partitionColumn: 'arrived_at',
    columns: [{ name: 'name', key: true }, { name: 'meaning' }],
  };
  lake = await testLake({ contracts: [contractText(texts)] });
  const file = { 'a.csv': 'name,meaning\nname,meaning\nid,a number\n' };
  expect((await lake.dropAndRun(file)).record?.counts).toMatchObject({ silver: 2, blank: 0 });
  await lake.dispose();
  lake = await testLake({
    contracts: [contractText({ ...texts, assay: { csv: { repeatedHeader: 'skip' } } })],
  });
  expect((await lake.dropAndRun(file)).record?.counts).toMatchObject({ silver: 1, blank: 1 });
});
