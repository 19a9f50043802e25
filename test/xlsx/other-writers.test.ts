import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/**
 * One table as workbooks of openpyxl, xlsxwriter, pandas, exceljs (both of its writers), SheetJS, and one written by hand
 * from the standard (make-others.py, make-others.js). The contract's dates are written as the source's CSV files have them.
 */

const FOLDER = new URL('./files/others/', import.meta.url);
const NAMES = readdirSync(FOLDER).sort();
const bytesOf = (name: string): Promise<Buffer> => readFile(fileURLToPath(new URL(name, FOLDER)));

const contract = (dayFormats: readonly string[], csv: Readonly<Record<string, unknown>> = {}): string =>
  contractText({
    dataset: 'bank.payments',
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true, assay: { formats: dayFormats } },
      { name: 'at', type: 'timestamp', required: true, assay: { formats: ['dd/MM/yyyy HH:mm'] } },
      { name: 'payee' },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
      { name: 'paid', type: 'boolean' },
    ],
    assay: { csv, duplicates: 'replace', limits: NO_LIMITS },
  });

let lake: TestLake;
afterEach(() => lake.dispose());

/** What stands in Silver, as text. */
async function silver(): Promise<string[]> {
  const rows = await lake.rows('silver');
  return rows
    .map(({ id, day, at, payee, amount, paid }) =>
      [id, String(day).slice(0, 10), at, JSON.stringify(payee), Number(amount).toFixed(2), paid].join(' '),
    )
    .sort();
}

const TABLE = [
  'p1 2024-01-02 2024-01-02T13:45:30.000000Z "Müller, \\"Söhne\\"" 0.10 true',
  'p2 2024-02-29 2024-02-29T00:00:00.000000Z "two\\nlines" 1234567.89 false',
  'p3 1987-12-31 1999-12-31T23:59:59.000000Z "<&> 日本" -5.00 true',
];

describe('by a contract whose days and times have formats of their own', () => {
  beforeEach(async () => {
    lake = await testLake({ contracts: [contract(['dd/MM/yyyy'])] });
  });

  test.each(NAMES)('%s gives the table', async (name) => {
    const { record } = await lake.dropAndRun({ [name]: await bytesOf(name) });
    expect(record?.counts).toMatchObject({ records: 3, silver: 3 });
    expect(await silver()).toEqual(TABLE);
  });

  test('CSV files beside workbooks have those formats alone', async () => {
    const file = 'id,day,at,payee,amount,paid\nq1,02/01/2024,02/01/2024 13:45,x,1,true\n';
    const iso = 'q2,2024-01-02,02/01/2024 13:45,x,1,true\nq3,02/01/2024,2024-01-02T13:45:00,x,1,true\n';
    const { record } = await lake.dropAndRun({ 'a.csv': file + iso, 'b.xlsx': await bytesOf('pandas.xlsx') });
    expect(record?.counts).toMatchObject({ records: 6, silver: 4, quarantined: 2 });
    expect(record?.reasons).toEqual({ TYPE_ERROR: 2 });
  });
});

test('a format that would take a cell for another day refuses the workbook', async () => {
  lake = await testLake({ contracts: [contract(['yyyy-dd-MM'])] });
  const { record } = await lake.dropAndRun({ 'a.xlsx': await bytesOf('openpyxl.xlsx') });
  expect(record?.files[0]).toMatchObject({
    status: 'rejected',
    note: expect.stringContaining(
      "the contract reads 'day' as yyyy-dd-MM (assay.formats), and would take a cell's day",
    ),
  });
});
