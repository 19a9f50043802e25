import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Workbooks as source files. They were made by openpyxl: test/xlsx/make.py. */

const workbook = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../xlsx/files/${name}`, import.meta.url)));

const contract = (
  csv: Readonly<Record<string, unknown>>,
  xlsx?: Readonly<Record<string, unknown>>,
  formats: readonly string[] = [],
): string =>
  contractText({
    dataset: 'bank.payments',
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true, assay: formats.length === 0 ? {} : { formats } },
      { name: 'at', type: 'timestamp', required: true },
      { name: 'payee', assay: { headers: ['Payee name'] } },
      {
        name: 'amount',
        type: 'number',
        physicalType: 'DECIMAL(18,2)',
        required: true,
        assay: { number: { decimal: ',', group: '.' } },
      },
      { name: 'paid', type: 'boolean' },
    ],
    assay: {
      csv: { delimiter: ';', preambleLines: 1, ...csv },
      ...(xlsx === undefined ? {} : { xlsx }),
      measures: [{ column: 'amount' }],
      limits: NO_LIMITS,
    },
  });

let lake: TestLake;
afterEach(() => lake.dispose());

test('a sheet is read as the files beside it, each row under its number in the sheet, also from an archive', async () => {
  lake = await testLake({ contracts: [contract({})] });
  const { record } = await lake.dropAndRun({
    'payments.xlsx': await workbook('payments.xlsx'),
    // The same bytes once more.
    'payments.zip': await workbook('payments.zip'),
    'more.csv': 'id;day;at;payee;amount;paid\np9;2024-02-01;2024-02-01T00:00:00;Ada;1.234,50;true\n',
  });
  const rows = await lake.rows('silver');
  expect(rows.map(({ id, amount, payee }) => `${id} ${Number(amount).toFixed(2)} ${payee}`).sort()).toEqual([
    'p1 0.10 Müller, "Söhne"',
    'p2 1234567.89 two\nlines',
    'p4 -5.00 rich text',
    'p9 1234.50 Ada',
  ]);
  expect(record?.counts).toMatchObject({ records: 6, silver: 4, quarantined: 1, blank: 1 });
  const [bad] = await lake.rows('quarantine');
  expect(bad).toMatchObject({ source_row_number: 4n });
  const names = Object.fromEntries(
    (record?.files ?? []).map(({ key, status, note }) => [key.replace(/^.*\//, ''), `${status} ${note}`]),
  );
  expect(names['payments.xlsx']).toBe(
    "accepted only its sheet 'Payments' was read, not 'Notes', 'Old'; 1 row that it hides was read, the first is row 8; 1 cell is a formula without a saved value in its sheet 'Payments', the first is G7: open it once in Excel or LibreOffice and save it, or write values",
  );
  expect(names['payments.zip#january.xlsx']).toMatch(/^repeat the same bytes as .*payments\.xlsx$/);
  expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
});

test('a record of a sheet is corrected, and its day is read as its cell gave it, whatever formats the contract has', async () => {
  lake = await testLake({ contracts: [contract({}, undefined, ['dd/MM/yyyy'])] });
  await lake.dropAndRun({ 'payments.xlsx': await workbook('payments.xlsx') });
  const { effects } = lake.lake;
  const own = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
  const { records } = await readRecords(effects, lake.dataset, { filter: { ids: [] }, states: ['open'] });
  expect(records.map(({ record }) => record)).toMatchObject([{ id: 'p3', day: '2024-12-31', amount: 'n/a' }]);
  const corrected = records.map((one) => ({ ...one, corrections: { amount: '1,25' } }));
  await retryRecords(effects, own, corrected, { by: 'me', reason: 'as on paper' });
  expect((await lake.run()).record?.counts).toMatchObject({ records: 1, silver: 1 });
  expect((await lake.rows('silver')).map(({ id, day }) => `${id} ${String(day).slice(0, 10)}`)).toContain(
    'p3 2024-12-31',
  );
});

test('a sheet that is not there rejects the file, with the names of those that are', async () => {
  lake = await testLake({ contracts: [contract({}, { sheet: 'May' })] });
  const { record } = await lake.dropAndRun({ 'payments.xlsx': await workbook('payments.xlsx') });
  expect(record?.files[0]).toMatchObject({
    status: 'rejected',
    note: "it has no sheet 'May', but 'Payments', 'Notes', 'Old': see assay.xlsx",
  });
});
