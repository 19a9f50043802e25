import { asBytes, type CleanFile, COLUMNS, cleanLines, ROWS } from './clean-file.ts';
import { allRows, type Defect, placesOf, WIDTH, withLine } from './defects.ts';

/** A defect of one record's line. */
function rowDefect(kind: string, change: (fields: readonly string[]) => string): Defect {
  return {
    kind,
    places: placesOf(ROWS, 1),
    damage: (file, { row }) => ({
      bytes: withLine(file, row, change(file.rows[row] ?? [])),
      touched: [row],
    }),
  };
}

/** A line that is put in below each record in turn; no record is touched. */
function extraLine(kind: string, line: (file: CleanFile, row: number) => string): Defect {
  return {
    kind,
    places: placesOf(ROWS, 1),
    damage: (file, { row }) => ({
      bytes: asBytes(cleanLines(file).toSpliced(row + 2, 0, line(file, row)), file.end),
      touched: [],
    }),
  };
}

/** A defect of the header, at each of its columns: no record fits a header that is damaged so. */
function headerDefect(kind: string, columns: number, change: (column: number) => string): Defect {
  return {
    kind,
    places: placesOf(1, columns),
    damage: (file, { column }) => ({
      bytes: asBytes(cleanLines(file).with(0, change(column)), file.end),
      touched: allRows(file),
    }),
  };
}

/** One defect of one whole line, at every record; and of the header, at every column. */
export const ROW_DEFECTS: readonly Defect[] = [
  rowDefect('another delimiter in one record', (fields) => fields.join(';')),
  rowDefect('a record in quotes as a whole', (fields) => `"${fields.join(',').replaceAll('"', '""')}"`),
  rowDefect('a record without its last field', (fields) => fields.slice(0, -1).join(',')),
  rowDefect('a record of nothing but its key', (fields) => fields[0] ?? ''),
  {
    kind: 'another line end at one record',
    places: placesOf(ROWS, 3),
    damage(file, { row, column }) {
      const end = ['\n', '\r\n', '\r'][column] ?? '';
      if (end === file.end) return undefined;
      const lines = cleanLines(file);
      const bytes = lines.map((line, n) => Buffer.from(line + (n === row + 1 ? end : file.end)));
      return { bytes: Buffer.concat(bytes), touched: [] };
    },
  },
  extraLine('an empty line', () => ''),
  extraLine('a line of blanks', () => ' \t '),
  extraLine('a line of delimiters', () => ','.repeat(WIDTH + 2)),
  extraLine('a comment line', () => '# a comment, of no use'),
  extraLine('the header again', () => COLUMNS.join(',')),
  extraLine('a record twice', (file, row) => file.rows[row]?.join(',') ?? ''),
  headerDefect('a missing delimiter in the header', WIDTH - 1, (column) =>
    COLUMNS.map((name, n) => name + (n === column || n === WIDTH - 1 ? '' : ',')).join(''),
  ),
  headerDefect('an extra delimiter in the header', WIDTH + 1, (column) =>
    [...COLUMNS.slice(0, column), '', ...COLUMNS.slice(column)].join(','),
  ),
  headerDefect('a stray quote in the header', WIDTH, (column) =>
    COLUMNS.map((name, n) => (n === column ? `"${name}` : name)).join(','),
  ),
];
