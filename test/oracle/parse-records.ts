import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CsvDialect } from '../../etl/contract/csv-dialect.ts';
import { type FieldDialect, parseFields, type RawField } from './parse-fields.ts';

/** What Python's codecs and iconv read in bytes; encodings.py wrote it. */
export const ENCODINGS = JSON.parse(
  readFileSync(new URL('encodings.json', import.meta.url), 'utf8'),
) as EncodingFixture;

/** Bytes and what they are: one text a byte, or texts of UTF-16 as bytes in hex; null where they are no text. */
interface EncodingFixture {
  readonly 'windows-1252': readonly (string | null)[];
  readonly 'iso-8859-1': readonly (string | null)[];
  readonly 'utf-16': readonly {
    readonly encoding: 'utf-16le' | 'utf-16be';
    readonly hex: string;
    readonly text: string | null;
  }[];
}

/** A record as the oracle reads it; `text` is what it was cut from, decoded as far as it can be, and `line` the physical line of the file on which it begins. */
export type OracleRecord =
  | {
      readonly kind: 'fields';
      readonly fields: readonly RawField[];
      readonly text: string;
      readonly line: number;
    }
  | { readonly kind: 'broken'; readonly text: string; readonly line: number; readonly hash?: string }
  | { readonly kind: 'blank'; readonly text: string };

/** What the oracle needs to know of a dialect. `encodings` are tried in this order, a record at a time. */
export interface OracleDialect extends FieldDialect, Pick<CsvDialect, 'encodings' | 'extraFields'> {
  readonly maxRecordBytes: number;
}

/** A physical line and what ends it, one character a byte; `number` is its own, from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
  readonly end: string;
}

/** Lines of a text of one character a byte; a last one that is empty is none. */
export function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  for (const match of text.matchAll(/([^\r\n]*)(\r\n|\n|\r|$)/g)) {
    if (match[0] === '') continue;
    lines.push({ number: lines.length + 1, text: match[1] ?? '', end: match[2] ?? '' });
  }
  return lines;
}

/**
 * The records of some lines: a physical line alone where it parses, with the lines that follow as long as a quote is
 * open. Where it is malformed only its first line is taken; too long or not of this width, all of it is broken.
 */
export function parseRecords(lines: readonly Line[], width: number, dialect: OracleDialect): OracleRecord[] {
  const records: OracleRecord[] = [];
  for (let at = 0; at < lines.length; ) {
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
  const { text: first = '', number: line = 0 } = lines[at] ?? {};
  const whole = takeWhole(lines, at, dialect) ?? { text: first, fields: undefined, taken: 1 };
  const fields = whole.fields && withoutSurplus(whole.fields, width, dialect);
  if (whole.text.length > dialect.maxRecordBytes) return [longRecord(whole.text, line, dialect), whole.taken];
  const text = decode(whole.text, whole.text, dialect);
  if (fields?.length === width && !whole.text.includes('\0') && text !== undefined) {
    const decoded = fields.map((field) => (field === null ? null : decode(field, whole.text, dialect)));
    return [{ kind: 'fields', fields: decoded.map((field) => field ?? null), text, line }, whole.taken];
  }
  const kind = fields?.length !== width && isBlankText(whole.text, dialect) ? 'blank' : 'broken';
  return [{ kind, text: text ?? whole.text, line }, whole.taken];
}

/** The fields without empty ones past the width, where they may be there. */
function withoutSurplus(
  fields: readonly RawField[],
  width: number,
  { extraFields }: OracleDialect,
): readonly RawField[] {
  const isEmpty = fields.slice(width).every((field) => /^[ \t]*$/.test(field ?? ''));
  return extraFields === 'empty' && isEmpty ? fields.slice(0, width) : fields;
}

/** Of a record that is too long the beginning is kept, up to a whole character of UTF-8, and the digest of all. */
function longRecord(bytes: string, line: number, dialect: OracleDialect): OracleRecord {
  const shorter = [0, 1, 2, 3].map((less) =>
    bytes.slice(0, Math.max(0, Math.min(4096, bytes.length) - less)),
  );
  const kept = shorter.find((one) => readUtf8(one) !== undefined) ?? bytes.slice(0, 4096);
  const hash = createHash('sha256').update(Buffer.from(bytes, 'latin1')).digest('hex');
  return { kind: 'broken', text: decode(kept, kept, dialect) ?? kept, line, hash };
}

/** The well-formed record that begins with a line, of any width; undefined where it is malformed. */
export function takeWhole(
  lines: readonly Line[],
  at: number,
  dialect: OracleDialect,
): { readonly text: string; readonly fields: readonly RawField[]; readonly taken: number } | undefined {
  let text = lines[at]?.text ?? '';
  for (let taken = 1; ; taken++) {
    const fields = parseFields(text, dialect);
    if (fields !== 'open') return fields === undefined ? undefined : { text, fields, taken };
    const next = lines[at + taken];
    if (next === undefined) return undefined;
    text += `${lines[at + taken - 1]?.end}${next.text}`;
  }
}

/** Whether a line holds nothing but delimiters, quotes, spaces and tabs. */
export function isBlankText(text: string, { delimiter, quote }: OracleDialect): boolean {
  return [...text.replaceAll(delimiter, '')].every((c) => c === quote || c === ' ' || c === '\t');
}

/** A part's text in the first encoding that reads the whole it is part of; undefined where none does. */
export function decode(part: string, whole: string, { encodings }: OracleDialect): string | undefined {
  for (const encoding of encodings) {
    const read = READERS[encoding];
    if (read?.(whole) !== undefined) return read(part);
  }
  return undefined;
}

/** Reads a text of one character a byte; undefined where it can't. */
type Reader = (text: string) => string | undefined;

const READERS: Readonly<Partial<Record<string, Reader>>> = {
  'utf-8': readUtf8,
  'windows-1252': byTable(ENCODINGS['windows-1252']),
  'iso-8859-1': byTable(ENCODINGS['iso-8859-1']),
};

/** By what Python and iconv say of each byte. */
function byTable(table: readonly (string | null)[]): Reader {
  return (text) => {
    const characters = [...text].map((byte) => table[byte.charCodeAt(0)]);
    return characters.some((character) => typeof character !== 'string') ? undefined : characters.join('');
  };
}

function readUtf8(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return undefined;
  }
}
