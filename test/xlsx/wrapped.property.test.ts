import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { casesOf } from '../support/cases.ts';
import { storedZip } from '../support/stored-zip.ts';

/** A table as CSV and as a sheet of texts: the same records, verdicts, reasons and hashes. */

const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const related = (type: string, target: string): string =>
  `<Relationships><Relationship Id="r" Type="${REL}/${type}" Target="${target}"/></Relationships>`;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function asWorkbook(rows: readonly (readonly string[])[]): Buffer {
  const cell = (text: string): string =>
    text === '' ? '<c/>' : `<c t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
  const lines = rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('');
  return storedZip({
    '_rels/.rels': related('officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml': `<workbook xmlns:r="${REL}"><sheets><sheet name="One" r:id="r"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': related('worksheet', 'sheet.xml'),
    'xl/sheet.xml': `<worksheet><sheetData>${lines}</sheetData></worksheet>`,
  });
}

const asCsv = (rows: readonly (readonly string[])[]): string =>
  rows
    .map((row) => `${row.map((text) => (text === '' ? '' : `"${text.replaceAll('"', '""')}"`)).join(',')}\n`)
    .join('');

// A line end within a cell is XML's line feed.
const text = fc.oneof(
  fc.constantFrom('', 'x', ' two\nlines ', 'a,b', '"', '<&>', 'ä😀', '\u00a0', '=1+1', '_x'),
  fc.string({ unit: fc.constantFrom('a', ',', '"', ' ', '\n', '1', '-', '\\', ';', 'é') }),
);
const row = fc.tuple(
  fc.constantFrom('', '', '1', '2', '3', '4', '5'),
  fc.oneof(fc.constantFrom('2024-01-05', '2024-02-30', '1999-12-31', 'soon', ''), text),
  fc.oneof(fc.constantFrom('1.00', '-2.5', '1e3', '12.345', ''), text),
  text,
);

test('a table gives the same as a workbook as it does as CSV', async () => {
  const contract = contractText({ ...PAYMENTS, assay: { limits: NO_LIMITS, duplicates: 'keep-first' } });
  const HEAD = ['id', 'paid_on', 'amount', 'note'];
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), async (records) => {
      // Rows behind the last with anything in it are none.
      const last = records.findLastIndex((fields) => fields.some((field) => field !== ''));
      const rows = [HEAD, ...records.slice(0, last + 1)];
      const given: unknown[] = [];
      for (const file of [{ 'a.csv': asCsv(rows) }, { 'a.xlsx': asWorkbook(rows) }]) {
        const lake = await testLake({ contracts: [contract] });
        try {
          const { record } = await lake.dropAndRun(file);
          const kept = ({
            source_file_id: _id,
            source_file: _file,
            source_line: _line,
            ...rest
          }: Row): string =>
            JSON.stringify(rest, (_, value) => (typeof value === 'bigint' ? String(value) : value));
          const layers = await Promise.all([
            lake.rows('silver'),
            lake.rows('quarantine'),
            lake.rows('condemned'),
          ]);
          given.push({ counts: record?.counts, rows: layers.map((all) => all.map(kept).sort()) });
        } finally {
          await lake.dispose();
        }
      }
      expect(given[1]).toEqual(given[0]);
    }),
    { numRuns: Number(process.env.WRAPPED_CASES ?? casesOf(6)), seed: Number(process.env.WRAPPED_SEED ?? 1) },
  );
});
