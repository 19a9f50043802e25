import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Formulas as openpyxl writes them, without a value, and as a spreadsheet saves them: test/xlsx/make-formulas.py. */

const NAMES = ['column', 'everything', 'header', 'saved', 'unnamed'];
const workbook = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../xlsx/files/formulas/${name}.xlsx`, import.meta.url)));

const contract = contractText({
  dataset: 'shop.orders',
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    { name: 'day', type: 'date', required: true },
    { name: 'price', type: 'number', physicalType: 'DECIMAL(18,2)' },
    { name: 'pieces', type: 'integer' },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)' },
  ],
  assay: { csv: { preambleLines: 1 }, duplicates: 'replace', limits: NO_LIMITS },
});

let lake: TestLake;
let files: Record<string, string>;
beforeAll(async () => {
  lake = await testLake({ contracts: [contract] });
  const dropped = await Promise.all(
    NAMES.map(async (name) => [`${name}.xlsx`, await workbook(name)] as const),
  );
  const { record } = await lake.dropAndRun(Object.fromEntries(dropped));
  files = Object.fromEntries(
    (record?.files ?? []).map(({ key, status, note }) => [
      key.replace(/^.*\/|\.xlsx$/g, ''),
      `${status}: ${note ?? ''}`,
    ]),
  );
});
afterAll(() => lake.dispose());

const TO_DO = 'open it once in Excel or LibreOffice and save it, or write values';

test('formulas without a value in a column of the contract, or in its name, reject the file', () => {
  expect(files.column).toBe(
    `rejected: 2 cells are formulas without a saved value in its sheet 'Orders', the first is E2: ${TO_DO}`,
  );
  expect(files.header).toBe(
    `rejected: 1 cell is a formula without a saved value in its sheet 'Orders', the first is E1: ${TO_DO}`,
  );
});

test('a sheet that is all such formulas is rejected, and not empty', () => {
  expect(files.everything).toBe(
    `rejected: 10 cells are formulas without a saved value in its sheet 'Orders', the first is A1: ${TO_DO}`,
  );
});

test('in other columns and above the header they are told, and stop nothing', async () => {
  expect(files.unnamed).toBe(
    `accepted: 3 cells are formulas without a saved value in its sheet 'Orders', the first is A1: ${TO_DO}`,
  );
  expect(files.saved).toMatch(/^accepted: 2 cells of it hold a formula, and the program that wrote it /);
  const rows = await lake.rows('silver');
  expect(rows.map(({ id, amount }) => `${id} ${amount === null ? null : Number(amount)}`).sort()).toEqual([
    'a 3',
    'b null',
  ]);
});
