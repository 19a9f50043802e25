import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { decimalText, numberKind, numberText } from '../../etl/xlsx/cell-text.ts';
import { sheetText } from '../../etl/xlsx/sheet-text.ts';
import { memoryScratch } from '../csv/memory-scratch.ts';

/** Workbooks as CSV. They were made by openpyxl (test/xlsx/make.py), which says what their cells hold; csv-parse reads the CSV. */

const FILES = new URL('./files/', import.meta.url);

async function rowsOf(name: string, sheet?: string): Promise<{ rows: string[][]; note: string | undefined }> {
  const bytes = await readFile(fileURLToPath(new URL(name, FILES)));
  const file = {
    sizeBytes: bytes.length,
    async *read({ start, end }: { start: number; end: number }) {
      yield bytes.subarray(start, end);
    },
  };
  const format = {
    delimiter: ';',
    quote: '"',
    escape: '"',
    decimal: '.',
    sheet,
    maxUnpackedBytes: 1e9,
  } as const;
  const text = await sheetText(file, format, { scratch: memoryScratch(), name: 'sheet' });
  const pieces: Uint8Array[] = [];
  for await (const piece of text.bytes) pieces.push(Uint8Array.from(piece));
  const rows = parse(Buffer.concat(pieces), {
    delimiter: ';',
    relaxColumnCount: true,
    skipEmptyLines: false,
  });
  return { rows, note: text.note };
}

test.each(['values', 'values-1904'])('numbers and days of %s are those that were written', async (name) => {
  const { rows } = await rowsOf(`${name}.xlsx`);
  const expected = JSON.parse(await readFile(fileURLToPath(new URL(`${name}.json`, FILES)), 'utf8'));
  const plain = (text: string): string => text.replace(/\.0+$/, '');
  expect(rows.map(([number = '', ...rest]) => [plain(number), ...rest])).toEqual(
    expected.map(([number, ...rest]: string[]) => [plain(number ?? ''), ...rest]),
  );
});

test.each(['payments.xlsx', 'payments-1904.xlsx'])(
  '%s: each row is a line, and what is hidden or left is told',
  async (name) => {
    const { rows, note } = await rowsOf(name);
    expect(rows.slice(2)).toEqual([
      ['Id', 'Day', 'At', 'Payee\nname', 'Amount', 'Paid', 'Note'],
      ['p1', '2024-01-02', '2024-01-02T13:45:30.250', 'Müller, "Söhne"', '0.1', 'true', ''],
      [
        'p2',
        expect.stringMatching(/^(1900-01-31|-1430)$/),
        '2024-02-29T00:00:00',
        ' two\nlines ',
        '1234567.89',
        'false',
        'x',
      ],
      [''],
      ['p3', '2024-12-31', '2024-01-01T00:00:01', 'bad amount', 'n/a', 'true', ''],
      ['p4', '2024-03-01', '2024-03-01T00:00:00', 'rich text', '-5', 'true', '日本'],
    ]);
    expect(note).toBe(
      "only its sheet 'Payments' was read, not 'Notes', 'Old'; 1 row that it hides was read, the first is row 8; 1 cell is a formula without a saved value in its sheet 'Payments', the first is G7: open it once in Excel or LibreOffice and save it, or write values",
    );
  },
);

test('a sheet is found by its name, and told where it is hidden or not there', async () => {
  expect(await rowsOf('payments.xlsx', 'old')).toMatchObject({
    rows: [['Id', 'Day']],
    note: expect.stringContaining("its sheet 'Old' is hidden, and was read"),
  });
  await expect(rowsOf('payments.xlsx', 'May')).rejects.toThrow(
    "it has no sheet 'May', but 'Payments', 'Notes', 'Old': see assay.xlsx",
  );
});

/** Written out from ECMA-376, 18.17.4.1 and what Excel shows. */
test.each([
  ['1', 'date', false, '1900-01-01'],
  ['59', 'date', false, '1900-02-28'],
  ['60', 'date', false, '1900-02-29'],
  ['61', 'date', false, '1900-03-01'],
  ['0', 'date', true, '1904-01-01'],
  ['45322', 'date', false, '2024-01-31'],
  ['45322.5', 'date', false, '2024-01-31T12:00:00'],
  ['2958465', 'date', false, '9999-12-31'],
  ['2958466', 'date', false, '2958466'],
  ['-1', 'date', false, '-1'],
  ['0.75', 'time', false, '18:00:00'],
  ['1.5625', 'time', false, '37:30:00'],
  ['0.30000000000000004', 'number', false, '0.30000000000000004'],
] as const)('%s as a %s (1904: %s) is %s', (raw, kind, is1904, text) => {
  expect(numberText(raw, kind, is1904)).toBe(text);
});

test.each([
  [1e21, '1000000000000000000000'],
  [1.5e-7, '0.00000015'],
  [-2.5e22, '-25000000000000000000000'],
])('%d has no exponent', (value, text) => {
  expect(decimalText(value)).toBe(text);
});

test.each([
  [14, undefined, 'date'],
  [2, undefined, 'number'],
  [164, 'dd/mm/yyyy hh:mm', 'datetime'],
  [164, '[$-409]d-mmm-yy;@', 'date'],
  [164, 'h:mm:ss AM/PM', 'time'],
  [164, '[h]:mm', 'time'],
  [164, '#,##0.00 "days"', 'number'],
  [164, '[Red]0.00', 'number'],
  [164, 'mmm yyyy', 'date'],
] as const)('format %d %s shows a %s', (id, code, kind) => {
  expect(numberKind(id, code)).toBe(kind);
});
