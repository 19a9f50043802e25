import { type CsvError, parse } from 'csv-parse/sync';

/** One field as it stands in the source: NULL where there is nothing at all, not even quotes. */
export type RawField = string | null;

/** A record as the oracle reads it; `text` is what it was cut from, one character a byte. */
export type OracleRecord =
  | { readonly kind: 'fields'; readonly fields: readonly RawField[]; readonly text: string }
  | { readonly kind: 'broken'; readonly text: string }
  | { readonly kind: 'blank'; readonly text: string };

/** What the oracle needs to know of a dialect. */
export interface OracleDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly maxRecordBytes: number;
  /** Whether bytes that are no UTF-8 are Windows-1252. */
  readonly fallsBack: boolean;
}

interface Line {
  readonly text: string;
  readonly end: string;
}

/**
 * The records behind the header, by csv-parse: a physical line alone where it parses, with the lines that follow as
 * long as a quote is open; a record that is malformed, too long or not of the header's width is broken, and only its
 * first line is taken.
 */
export function parseRecords(file: Uint8Array, dialect: OracleDialect): OracleRecord[] {
  const lines = splitLines(withoutMark(Buffer.from(file)).toString('latin1'));
  const start = lines.findIndex(({ text }) => !isBlankText(text, dialect));
  const width = start < 0 ? 0 : (tryParse(lines[start]?.text ?? '', dialect) ?? []).length;
  const records: OracleRecord[] = [];
  for (let at = start + 1; start >= 0 && at < lines.length; ) {
    const [record, taken] = takeRecord(lines, at, width, dialect);
    records.push(record);
    at += taken;
  }
  return records;
}

function takeRecord(
  lines: readonly Line[],
  at: number,
  width: number,
  dialect: OracleDialect,
): [OracleRecord, number] {
  const first = lines[at]?.text ?? '';
  let text = first;
  for (let taken = 1; ; taken++) {
    if (text.length > dialect.maxRecordBytes) break;
    const fields = tryParse(text, dialect);
    if (fields !== 'open') {
      if (fields === undefined || fields.length !== width || text.includes('\0')) break;
      const decoded = fields.map((field) => (field === null ? null : decode(field, text, dialect)));
      if (decoded.includes(undefined)) break;
      return [{ kind: 'fields', fields: decoded.map((field) => field ?? null), text }, taken];
    }
    const next = lines[at + taken];
    if (next === undefined) break;
    text += `${lines[at + taken - 1]?.end}${next.text}`;
  }
  return [{ kind: isBlankText(first, dialect) ? 'blank' : 'broken', text: first }, 1];
}

/** The fields of one record, `open` where a quote is not closed, undefined where it is malformed. */
function tryParse(text: string, dialect: OracleDialect): RawField[] | 'open' | undefined {
  if (text === '') return [null];
  try {
    const rows: RawField[][] = parse(text, {
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.quote,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: false,
      max_record_size: 0,
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
    });
    return rows.length === 1 ? rows[0] : undefined;
  } catch (error) {
    return (error as CsvError).code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : undefined;
  }
}

/** Lines with what ends them; a last one that is empty is none. */
function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  for (const match of text.matchAll(/([^\r\n]*)(\r\n|\n|\r|$)/g)) {
    if (match[0] === '') continue;
    lines.push({ text: match[1] ?? '', end: match[2] ?? '' });
  }
  return lines;
}

function withoutMark(file: Buffer): Buffer {
  return file.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? file.subarray(3) : file;
}

function isBlankText(text: string, { delimiter, quote }: OracleDialect): boolean {
  return [...text].every((c) => c === delimiter || c === quote || c === ' ' || c === '\t');
}

/** The field's text; the whole record decides the encoding. Undefined where no encoding fits. */
function decode(field: string, record: string, { fallsBack }: OracleDialect): string | undefined {
  const whole = readUtf8(record);
  if (whole !== undefined) return readUtf8(field);
  return fallsBack ? new TextDecoder('windows-1252').decode(Buffer.from(field, 'latin1')) : undefined;
}

function readUtf8(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return undefined;
  }
}
