/** Makes the table of make-others.py as workbooks of exceljs 4.4.0 and SheetJS 0.18.5: node test/xlsx/make-others.js */
import { fileURLToPath } from 'node:url';
import ExcelJS from 'exceljs';
import XLSX from 'xlsx';

const out = (name) => fileURLToPath(new URL(`files/others/${name}`, import.meta.url));
const HEAD = ['id', 'day', 'at', 'payee', 'amount', 'paid'];
const utc = (...parts) => new Date(Date.UTC(...parts));
const ROWS = [
  ['p1', utc(2024, 0, 2), utc(2024, 0, 2, 13, 45, 30), 'Müller, "Söhne"', 0.1, true],
  ['p2', utc(2024, 1, 29), utc(2024, 1, 29), '  two\nlines ', 1234567.89, false],
  ['p3', utc(1987, 11, 31), utc(1999, 11, 31, 23, 59, 59), '<&> 日本', -5, true],
];

const book = new ExcelJS.Workbook();
const sheet = book.addWorksheet('Data');
sheet.addRow(HEAD);
for (const row of ROWS) sheet.addRow(row);
sheet.getColumn(2).numFmt = 'dd/mm/yyyy';
sheet.getColumn(3).numFmt = 'dd/mm/yyyy hh:mm:ss';
sheet.getCell('D2').value = { richText: [{ text: 'Müller, ' }, { font: { bold: true }, text: '"Söhne"' }] };
sheet.getCell('E2').value = { formula: '1/10', result: 0.1 };
await book.xlsx.writeFile(out('exceljs.xlsx'));

const stream = new ExcelJS.stream.xlsx.WorkbookWriter({
  filename: out('exceljs-stream.xlsx'),
  useStyles: true,
});
const streamed = stream.addWorksheet('Data');
for (const row of [HEAD, ...ROWS]) {
  const added = streamed.addRow(row);
  added.getCell(2).numFmt = 'yyyy-mm-dd';
  added.getCell(3).numFmt = 'yyyy-mm-dd hh:mm:ss';
  added.commit();
}
await stream.commit();

const made = XLSX.utils.aoa_to_sheet([HEAD, ...ROWS.map((row) => [...row])]);
// Days as their numbers: SheetJS makes them of dates by the zone of the machine.
const days = (date) => date.getTime() / 86_400_000 + 25_569;
for (const [n, row] of ROWS.entries()) {
  made[`B${n + 2}`] = { t: 'n', v: days(row[1]), z: 'm/d/yy' };
  made[`C${n + 2}`] = { t: 'n', v: days(row[2]), z: 'm/d/yy h:mm' };
}
const sheets = XLSX.utils.book_new();
XLSX.utils.book_append_sheet(sheets, made, 'Data');
XLSX.writeFile(sheets, out('sheetjs.xlsx'));
