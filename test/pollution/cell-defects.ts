import { ROWS } from './clean-file.ts';
import { type Defect, placesOf, WIDTH, withLine } from './defects.ts';

/** A defect in one cell, or beside it: `change` gets the record's fields as written and gives its line. */
function cellDefect(
  kind: string,
  columns: number,
  change: (fields: readonly string[], column: number) => string | undefined,
): Defect {
  return {
    kind,
    places: placesOf(ROWS, columns),
    damage(file, { row, column }) {
      const line = change(file.rows[row] ?? [], column);
      return line === undefined ? undefined : { bytes: withLine(file, row, line), touched: [row] };
    },
  };
}

/** A defect that is one field written otherwise. */
function fieldDefect(kind: string, change: (field: string) => string | undefined): Defect {
  return cellDefect(kind, WIDTH, (fields, column) => {
    const field = change(fields[column] ?? '');
    return field === undefined ? undefined : fields.with(column, field).join(',');
  });
}

/** The text of a field that is in quotes; undefined for one that isn't. */
function insideOf(field: string): string | undefined {
  return field.startsWith('"') ? field.slice(1, -1) : undefined;
}

const middle = (text: string): number => Math.ceil(text.length / 2);

/** One defect in one cell of one record, at every record and column. */
export const CELL_DEFECTS: readonly Defect[] = [
  cellDefect('a missing delimiter', WIDTH - 1, (fields, column) =>
    [...fields.slice(0, column), `${fields[column]}${fields[column + 1]}`, ...fields.slice(column + 2)].join(
      ',',
    ),
  ),
  cellDefect('an extra delimiter', WIDTH + 1, (fields, column) => fields.toSpliced(column, 0, '').join(',')),
  cellDefect(
    'another delimiter at one place',
    WIDTH - 1,
    (fields, column) => `${fields.slice(0, column + 1).join(',')};${fields.slice(column + 1).join(',')}`,
  ),
  fieldDefect('a stray quote before a cell', (field) => `"${field}`),
  fieldDefect('a stray quote in a cell', (field) =>
    field.length < 2 ? undefined : `${field.slice(0, middle(field))}"${field.slice(middle(field))}`,
  ),
  fieldDefect('a stray quote after a cell', (field) => `${field}"`),
  fieldDefect('a missing closing quote', (field) =>
    insideOf(field) === undefined ? undefined : field.slice(0, -1),
  ),
  fieldDefect('a missing opening quote', (field) =>
    insideOf(field) === undefined ? undefined : field.slice(1),
  ),
  fieldDefect('another quote character at one cell', (field) => {
    const inside = insideOf(field)?.replaceAll('""', '"');
    return inside === undefined ? undefined : `'${inside}'`;
  }),
  fieldDefect('another escape character at one cell', (field) => {
    const inside = insideOf(field);
    return inside?.includes('""') ? `"${inside.replaceAll('""', '\\"')}"` : undefined;
  }),
  fieldDefect('quotes not doubled in one cell', (field) => {
    const inside = insideOf(field);
    return inside?.includes('""') ? `"${inside.replaceAll('""', '"')}"` : undefined;
  }),
  fieldDefect('a line end in an unquoted cell', (field) =>
    insideOf(field) !== undefined || field.length < 2
      ? undefined
      : `${field.slice(0, middle(field))}\n${field.slice(middle(field))}`,
  ),
  fieldDefect(
    'a NUL in a cell',
    (field) => `${field.slice(0, middle(field))}\0${field.slice(middle(field))}`,
  ),
];
