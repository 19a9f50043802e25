import type { SqlValue } from '../engine/engine.ts';
import { ConfigError } from '../errors.ts';
import type { AnswerColumn, QueryAnswer } from '../query/answer.ts';
import { cellText, isNumeric } from './cell.ts';
import type { SheetRows } from './month-sheets.ts';
import { pagesOf } from './rows.ts';
import { zipOf } from './zip.ts';

/** What a sheet takes (Excel specifications and limits). */
const MOST_ROWS = 1_048_576;
const MOST_COLUMNS = 16_384;
const MOST_CHARACTERS = 32_767;
/** Digits that Excel keeps of a number. */
const MOST_DIGITS = 15;

/** The cell type that a column's values get. */
type Kind = 'number' | 'boolean' | 'date' | 'time' | 'text';

/** A workbook that is ready to be written. */
export interface Workbook {
  /** Columns that are text because Excel would change their values: numbers of more than 15 digits, dates before March 1900, times with parts of a millisecond. */
  readonly asText: readonly string[];
  /** The file's bytes. Throws ConfigError `TOO_LARGE` at a value that no cell takes. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * All rows of an answer as the only sheet of an .xlsx file (ECMA-376), or as several, row by row. Times are UTC. Throws
 * ConfigError `TOO_LARGE` for what no sheet takes.
 */
export async function workbookOf(answer: QueryAnswer, sheets: readonly SheetRows[]): Promise<Workbook> {
  const { columns } = answer;
  const longest = Math.max(...sheets.map(({ from, to }) => to - from));
  if (longest >= MOST_ROWS || columns.length > MOST_COLUMNS) {
    const message = `A sheet takes ${count(MOST_ROWS - 1)} rows below its header and ${count(MOST_COLUMNS)} columns, and the answer has ${count(longest)} and ${count(columns.length)}: choose csv, jsonl or parquet.`;
    throw new ConfigError('TOO_LARGE', message);
  }
  const inexact = await answer.anyOf((name, type) => inexactSql(name, { name, type }));
  const kinds = columns.map((column, n) => (inexact[n] === true ? 'text' : kindOf(column)));
  const formats = numberFormats(columns);
  const parts = Object.entries(partsOf(sheets, formats)).map(([name, text]) => ({
    name,
    texts: [HEAD, text],
  }));
  const filled = sheets.map((rows, n) => ({
    name: `xl/worksheets/sheet${n + 1}.xml`,
    texts: sheet(answer, { kinds, styles: columns.map((column) => styleOf(column, formats)) }, rows),
  }));
  return {
    asText: columns.flatMap(({ name }, n) => (inexact[n] === true ? [name] : [])),
    bytes: zipOf([...parts, ...filled]),
  };
}

const count = (value: number): string => value.toLocaleString('en-US');

function kindOf(column: AnswerColumn): Kind {
  if (isNumeric(column)) return 'number';
  if (column.type === 'BOOLEAN') return 'boolean';
  if (column.type === 'DATE') return 'date';
  return column.type.startsWith('TIMESTAMP') ? 'time' : 'text';
}

/** SQL of whether Excel would change a value of a column; undefined where it never does. */
function inexactSql(name: string, column: AnswerColumn): string | undefined {
  const kind = kindOf(column);
  if (kind === 'date') return `${name} NOT BETWEEN DATE '1900-03-01' AND DATE '9999-12-31'`;
  if (kind === 'time') {
    const plain = `CAST(${name} AS TIMESTAMP)`;
    return `${plain} NOT BETWEEN TIMESTAMP '1900-03-01' AND TIMESTAMP '9999-12-31 23:59:59.999' OR epoch_ns(${name}) % 1000000 <> 0`;
  }
  if (kind !== 'number') return undefined;
  if (/^(DOUBLE|FLOAT)/.test(column.type)) return `NOT isfinite(${name})`;
  const digits = `regexp_replace(CAST(${name} AS VARCHAR), '[^0-9]', '', 'g')`;
  return `length(trim(${digits}, '0')) > ${MOST_DIGITS}`;
}

/** How the columns of a sheet are written. */
interface Shapes {
  readonly kinds: readonly Kind[];
  /** Numbers of the styles of their numbers. */
  readonly styles: readonly number[];
}

async function* sheet(
  answer: QueryAnswer,
  { kinds, styles }: Shapes,
  place: SheetRows,
): AsyncGenerator<string> {
  const { columns } = answer;
  const letters = columns.map((_, n) => lettersOf(n));
  yield `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${columns.map(({ name }, n) => columnOf(n, name, kinds[n] ?? 'text')).join('')}</cols><sheetData>`;
  const head = columns.map(({ name }, n) => textCell(`${letters[n]}1`, name, { column: name, style: 3 }));
  yield `<row r="1">${head.join('')}</row>`;
  let number = 1;
  for await (const rows of pagesOf(answer, place))
    yield rows
      .map((row) => {
        number += 1;
        const cells = row.map((value, at) =>
          cell(`${letters[at]}${number}`, value, {
            kind: kinds[at] ?? 'text',
            style: styles[at] ?? 0,
            column: columns[at]?.name ?? '',
          }),
        );
        return `<row r="${number}">${cells.join('')}</row>`;
      })
      .join('');
  yield '</sheetData></worksheet>';
}

function cell(
  at: string,
  value: SqlValue,
  { kind, style, column }: { readonly kind: Kind; readonly style: number; readonly column: string },
): string {
  if (value === null) return '';
  const text = cellText(value);
  switch (kind) {
    case 'number':
      return `<c r="${at}"${style === 0 ? '' : ` s="${style}"`}><v>${text}</v></c>`;
    case 'boolean':
      return `<c r="${at}" t="b"><v>${value === true ? 1 : 0}</v></c>`;
    case 'date':
    case 'time':
      return `<c r="${at}" s="${kind === 'date' ? 1 : 2}"><v>${serialOf(text)}</v></c>`;
    case 'text':
      return textCell(at, text, { column });
  }
}

function textCell(
  at: string,
  text: string,
  { column, style = 0 }: { readonly column: string; readonly style?: number },
): string {
  if (text.length > MOST_CHARACTERS) {
    const message = `A value of '${column}' has ${count(text.length)} characters, and a cell takes ${count(MOST_CHARACTERS)}: choose csv, jsonl or parquet.`;
    throw new ConfigError('TOO_LARGE', message);
  }
  const styled = style === 0 ? '' : ` s="${style}"`;
  return `<c r="${at}"${styled} t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
}

/** Characters that a column of a kind is wide, at least. */
const WIDTHS: Readonly<Record<Kind, number>> = { number: 14, boolean: 8, date: 12, time: 24, text: 18 };

function columnOf(n: number, name: string, kind: Kind): string {
  const width = Math.min(60, Math.max(WIDTHS[kind], name.length + 2));
  return `<col min="${n + 1}" max="${n + 1}" width="${width}" customWidth="1"/>`;
}

/** Styles before those of decimals. */
const INTEGER_STYLE = 4;

/** The formats of an answer's decimals: each with all its places, which Excel would leave out. */
const numberFormats = (columns: readonly AnswerColumn[]): readonly string[] => [
  ...new Set(columns.flatMap((column) => decimalFormat(column) ?? [])),
];

function decimalFormat({ type }: AnswerColumn): string | undefined {
  const scale = Number(/^DECIMAL\(\d+,\s*(\d+)\)$/.exec(type)?.[1] ?? 0);
  return scale === 0 ? undefined : `#,##0.${'0'.repeat(scale)}`;
}

/** The style of a column's numbers: integers in full, which Excel would shorten to 6.9E+13. */
function styleOf(column: AnswerColumn, formats: readonly string[]): number {
  const format = decimalFormat(column);
  if (format !== undefined) return INTEGER_STYLE + 1 + formats.indexOf(format);
  return isNumeric(column) && !/^(DOUBLE|FLOAT)/.test(column.type) ? INTEGER_STYLE : 0;
}

/** Days since 30 December 1899, which is how Excel counts from March 1900 on. */
function serialOf(text: string): number {
  const [, day = '', time = '00:00:00'] = /^(\S+)(?: ([0-9:.]+))?/.exec(text) ?? [];
  return (Date.parse(`${day}T${time}Z`) - Date.UTC(1899, 11, 30)) / 86_400_000;
}

/** `0` → `A`, `26` → `AA`. */
function lettersOf(column: number): string {
  const before = Math.floor(column / 26);
  return (before === 0 ? '' : lettersOf(before - 1)) + String.fromCharCode(65 + (column % 26));
}

/** Text of an element: what XML has no way to write is _xHHHH_, and what looks so already has its own mark escaped. */
function xmlText(text: string): string {
  return text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/(?![\t\n\r\u007f-\u009f])\p{Cc}|[\ufffe\uffff]/gu, escapeOf)
    .replace(/[&<>\r]/g, (sign) => ENTITIES[sign] ?? sign);
}

function escapeOf(sign: string): string {
  return `_x${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // XML parsers turn a bare one into a line feed.
  '\r': '&#13;',
};

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** The parts of the file beside its sheets. */
function partsOf(sheets: readonly SheetRows[], formats: readonly string[]): Readonly<Record<string, string>> {
  const numbers = sheets.map((_, n) => n + 1);
  const types = numbers.map(
    (n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${TYPE}.worksheet+xml"/>`,
  );
  const named = sheets.map(
    ({ name }, n) => `<sheet name="${xmlText(name)}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`,
  );
  const related = numbers.map(
    (n) => `<Relationship Id="rId${n}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${n}.xml"/>`,
  );
  const styled = `<Relationship Id="rId${sheets.length + 1}" Type="${RELATIONS}/styles" Target="styles.xml"/>`;
  return {
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/>${types.join('')}<Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${named.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${PACKAGE}/relationships">${related.join('')}${styled}</Relationships>`,
    'xl/styles.xml': stylesOf(formats),
  };
}

/** Styles: plain, a day, a time, the header, an integer, then one for each format of decimals. */
function stylesOf(formats: readonly string[]): string {
  const codes = ['yyyy\\-mm\\-dd', 'yyyy\\-mm\\-dd\\ hh:mm:ss.000', ...formats];
  const numbers = codes.map((code, n) => `<numFmt numFmtId="${164 + n}" formatCode="${code}"/>`);
  const styled = (id: number): string =>
    `<xf numFmtId="${id}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`;
  const cells = [
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
    ...[164, 165].map(styled),
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>',
    // Excel's own: digits alone.
    styled(1),
    ...formats.map((_, n) => styled(166 + n)),
  ];
  return `<styleSheet xmlns="${MAIN}"><numFmts count="${codes.length}">${numbers.join('')}</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="${cells.length}">${cells.join('')}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;
}
