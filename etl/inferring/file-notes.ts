import type { CsvDialect } from '../contract/csv-dialect.ts';
import { counted, decide, leftOut, type Note, review, seen, several } from './notes.ts';
import type { OpenedFile } from './opened-files.ts';
import type { ReadFile } from './sample-table.ts';

/** Notes on records with empty fields past their header's width. */
export function extraNotes(read: readonly ReadFile[]): Note[] {
  return read.flatMap(({ name, records, withExtraEmpty }) => {
    if (withExtraEmpty === 0) return [];
    const some = `${counted(withExtraEmpty)} of ${several(records, 'record')} of ${name}`;
    return [
      review(`${some} have more fields than its header, with nothing in them; they are read without those.`),
    ];
  });
}

/** Notes on header lines among the records: they are never records, whatever is decided. */
export function repeatedHeaderNotes(read: readonly ReadFile[]): Note[] {
  return read.flatMap(({ name, records, repeatedHeaders }) =>
    repeatedHeaders === 0
      ? []
      : [
          seen(
            `${counted(repeatedHeaders)} of ${several(records, 'record')} of ${name} ${repeatedHeaders === 1 ? 'is its header line' : 'are its header line'} again, as where files were joined; passed over.`,
          ),
        ],
  );
}

/** Whether header lines stand among records, by the notes of it or further down than was read. */
export const isHeaderAmong = (opened: readonly OpenedFile[], notes: readonly Note[]): boolean =>
  notes.length > 0 || opened.some(({ headerRecord }) => headerRecord !== undefined);

/** Where the files' headers stand, as a contract says it. */
export function headerOf(
  opened: readonly OpenedFile[],
): Partial<Pick<CsvDialect, 'columns' | 'preambleLines'>> {
  const [first] = opened;
  if (first?.hasHeader === false) return { columns: first.names };
  const preambleLines = Math.max(...opened.map(({ report }) => report.preambleLines));
  return preambleLines === 0 ? {} : { preambleLines };
}

/** Notes on what stands before the files' headers, or on where their columns' names are from. */
export function headerNotes(opened: readonly OpenedFile[]): Note[] {
  const [first] = opened;
  if (first?.hasHeader === false)
    return (
      belowNotes(opened) ?? [
        decide('No file has a header: write what the columns are, here and in their own names and headers.'),
      ]
    );
  return opened.flatMap(({ file, report }) =>
    report.preambleLines === 0
      ? []
      : [leftOut(`${file.name} has ${several(report.preambleLines, 'line')} before its header.`)],
  );
}

/** Where the columns' names are from, if header lines stand further down; undefined where there are none. */
function belowNotes(opened: readonly OpenedFile[]): Note[] | undefined {
  const notes = opened.flatMap(({ file, headerRecord }) =>
    headerRecord === undefined
      ? []
      : [
          leftOut(
            `${file.name} begins with a record, and its record ${counted(headerRecord)} is a header line: the columns are called as it says, and it is passed over.`,
          ),
        ],
  );
  return notes.length === 0 ? undefined : notes;
}

/** Which sheet of a workbook was taken, where it has others, and what else is to be known of it. */
export function sheetNotes(opened: readonly OpenedFile[]): Note[] {
  return opened.flatMap(({ file }) =>
    file.note === undefined
      ? []
      : [leftOut(`${file.name}: ${file.note}. Another sheet is read where assay.xlsx names it.`)],
  );
}
