import { asBytes, type CleanFile, COLUMNS, cleanLines } from './clean-file.ts';
import { allRows, type Damage, type Defect, WIDTH } from './defects.ts';

/** Variants of a defect of the whole file, one behind the other. */
type Variant = (file: CleanFile) => Damage | undefined;

function fileDefect(kind: string, variants: readonly Variant[]): Defect {
  return {
    kind,
    places: variants.map((_, column) => ({ row: 0, column })),
    damage: (file, { column }) => variants[column]?.(file),
  };
}

/** Lines that leave every record as valid as it was. */
const untouched =
  (lines: (file: CleanFile) => readonly string[]): Variant =>
  (file) => ({ bytes: asBytes(lines(file), file.end), touched: [] });

/** Lines that no record of fits the contract any more. */
const unfit =
  (lines: (file: CleanFile) => readonly string[]): Variant =>
  (file) => ({ bytes: asBytes(lines(file), file.end), touched: allRows(file) });

const HEADER = COLUMNS.join(',');
const half = ({ rows }: CleanFile): number => rows.length / 2;
const joined = (rows: readonly (readonly string[])[]): string[] => rows.map((row) => row.join(','));

/** The first half of the records under the header, and the other half under a header of its own, written by `write`. */
function twoTables(
  header: readonly string[],
  write: (fields: readonly string[]) => readonly string[],
): Variant {
  return (file) => {
    const [first, second] = [file.rows.slice(0, half(file)), file.rows.slice(half(file)).map(write)];
    const lines = [HEADER, ...joined(first), '', header.join(','), ...joined(second)];
    return {
      bytes: asBytes(lines, file.end),
      touched: allRows(file).slice(half(file)),
    };
  };
}

const signs = (sign: string): Variant =>
  unfit(({ records }) => [
    COLUMNS.join(sign),
    ...records.map((record) =>
      COLUMNS.map((name) => {
        const value = record[name] ?? '';
        return value.includes(sign) || /["\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
      }).join(sign),
    ),
  ]);

/** Every quoted field by another sign or escape; only files that have such fields are damaged so. */
function requoted(change: (inside: string) => string, needs: RegExp): Variant {
  return (file) => {
    const touched = allRows(file).filter((row) => file.rows[row]?.some((field) => needs.test(field)));
    if (touched.length === 0) return undefined;
    const rows = file.rows.map((row) =>
      row.map((field) => (field.startsWith('"') ? change(field.slice(1, -1)) : field)),
    );
    return { bytes: asBytes([HEADER, ...joined(rows)], file.end), touched };
  };
}

/** One defect of a file as a whole. */
export const FILE_DEFECTS: readonly Defect[] = [
  fileDefect('no defect', [untouched(cleanLines)]),
  fileDefect('no line end at the end', [
    (file) => ({ bytes: Buffer.from(cleanLines(file).join(file.end)), touched: [] }),
  ]),
  fileDefect('doubled line ends', [
    untouched((file) => [...cleanLines(file), '']),
    untouched((file) => ['', ...cleanLines(file)]),
    untouched((file) => cleanLines(file).flatMap((line) => [line, ''])),
  ]),
  fileDefect('CR alone as line end', [(file) => ({ bytes: asBytes(cleanLines(file), '\r'), touched: [] })]),
  fileDefect('a byte order mark, UTF-16', [
    (file) => ({ bytes: Buffer.from(`\ufeff${asBytes(cleanLines(file), file.end)}`), touched: [] }),
    (file) => ({
      bytes: Buffer.from(`\ufeff${asBytes(cleanLines(file), file.end)}`, 'utf16le'),
      touched: [],
    }),
  ]),
  fileDefect('no header', [unfit(({ rows }) => joined(rows))]),
  fileDefect('two headers', [
    untouched((file) => [HEADER, ...cleanLines(file)]),
    untouched((file) => cleanLines(file).toSpliced(1, 0, 'text,date,GBP,text,text,text')),
  ]),
  fileDefect('a header of two rows', [
    unfit((file) => ['payment,,,party,,', ...cleanLines(file)]),
    unfit((file) => ['payment,payment,payment,party,party,party', ...cleanLines(file)]),
  ]),
  fileDefect('a preamble', [
    unfit((file) => ['Payments of 2024', ...cleanLines(file)]),
    unfit((file) => ['Payments of 2024', '', 'Source: the ledger, as of today', ...cleanLines(file)]),
    unfit((file) => [`Payments of 2024${','.repeat(WIDTH - 1)}`, ...cleanLines(file)]),
  ]),
  fileDefect('a footnote', [
    untouched((file) => [...cleanLines(file), 'Source: the ledger']),
    untouched((file) => [...cleanLines(file), '', `Total,,1266.00${','.repeat(WIDTH - 3)}`]),
    untouched((file) => [...cleanLines(file), 'a note, with a comma, and another']),
  ]),
  fileDefect('a second table of the same columns', [
    (file) => {
      const again = twoTables(COLUMNS, (fields) => fields)(file);
      return again && { ...again, touched: [] };
    },
  ]),
  fileDefect('a second table of more or fewer columns', [
    twoTables([...COLUMNS, 'more'], (fields) => [...fields, 'x']),
    twoTables(COLUMNS.slice(0, 4), (fields) => fields.slice(0, 4)),
  ]),
  fileDefect('a second table of other columns', [
    twoTables(['region', 'since', 'share', 'head', 'note', 'ref'], ([id = '', , amount = '', ...rest]) => [
      id,
      '2024',
      amount,
      ...rest,
    ]),
  ]),
  fileDefect('a second table of the same columns in another order', [
    twoTables(['id', 'paid_on', 'amount', 'ref', 'payee', 'note'], (fields) => [
      ...fields.slice(0, 3),
      ...fields.slice(-1),
      ...fields.slice(3, 5),
    ]),
  ]),
  fileDefect('another delimiter', [';', '\t', '|', ' '].map(signs)),
  fileDefect('another quote character', [requoted((inside) => `'${inside.replaceAll('""', '"')}'`, /^"/)]),
  fileDefect('another escape character', [
    requoted((inside) => `"${inside.replaceAll('""', '\\"')}"`, /^".*"".*"$/s),
  ]),
  fileDefect('a header and nothing else, an empty file', [
    (file) => ({ bytes: asBytes([HEADER], file.end), touched: allRows(file) }),
    (file) => ({ bytes: Buffer.alloc(0), touched: allRows(file) }),
  ]),
];
