import type { ContractColumn, SourceContract } from '../contract/contract.ts';
import type { CsvDialect } from '../contract/csv-dialect.ts';
import { normaliseHeader } from '../contract/header.ts';
import { toUtf8 } from './decode.ts';
import type { Layout } from './layout.ts';
import { readRecord } from './record.ts';
import { isDelimiter, SPACE, TAB } from './record-fields.ts';
import { newScan, type RecordFormat } from './record-format.ts';
import { fieldTexts } from './rewrite.ts';

/**
 * A file's header line among its records again: in joined files, or in a file with a header although its contract names
 * the columns.
 */
export interface RepeatedHeader {
  /** Whether to skip it, or report it as a failed record. */
  readonly isSkipped: boolean;
  /** Whether the record in these bytes is the header line, by all of its names. */
  readonly isAt: (bytes: Uint8Array, start: number, end: number) => boolean;
}

/** What is known of a file's header where its records begin. */
export interface RepeatedHeaderOptions {
  /** The names in the file's header, or those that the contract gives it. */
  readonly names: readonly string[];
  readonly layout: Layout;
  readonly format: RecordFormat;
  readonly dialect: CsvDialect;
  readonly contract: SourceContract;
}

/** How a file's repeated header lines are found; undefined where one would be a record like any other. */
export function repeatedHeader(options: RepeatedHeaderOptions): RepeatedHeader | undefined {
  const { layout, dialect, contract } = options;
  const isSkipped = dialect.repeatedHeader === 'skip';
  const isRefused = contract.columns.some(
    (column, n) => layout.columns[n] !== undefined && refusesItsName(column, dialect),
  );
  if (!isSkipped && !isRefused) return undefined;
  const accepts = namesByField(options);
  const mayBe = mayBeHeader(accepts, options);
  return {
    isSkipped,
    isAt: (bytes, start, end) =>
      mayBe(bytes, start, end) && isHeader(bytes.subarray(start, end), accepts, options),
  };
}

const TYPED = ['int', 'long', 'decimal', 'date', 'timestamptz'];

/** Whether a header in a column's place can't pass: no number and no date is spelled like one, and it means no missing value. */
function refusesItsName({ type, headers, nullValues = [] }: ContractColumn, dialect: CsvDialect): boolean {
  const nulls = new Set([...nullValues, ...dialect.nullValues].map(normaliseHeader));
  return TYPED.includes(type.kind) && !headers.some((header) => nulls.has(normaliseHeader(header)));
}

/** For each field the spellings that it may have in a header line; undefined where it may have any. */
function namesByField({
  names,
  layout,
  dialect,
  contract,
}: RepeatedHeaderOptions): (ReadonlySet<string> | undefined)[] {
  const columnAt = new Map(layout.columns.map((field, n) => [field, contract.columns[n]]));
  const known = names.filter((_, field) => columnAt.has(field)).length;
  return names.map((name, field) => {
    const column = columnAt.get(field);
    // A contract's name for a column that it drops need not be the source's.
    if (column === undefined && dialect.columns !== undefined && known > 1) return undefined;
    return new Set([name, ...(column?.headers ?? [])].map(normaliseHeader));
  });
}

const MARK = [0xef, 0xbb, 0xbf];
const ASCII_END = 0x80;

/**
 * A quick check, by a few bytes, whether a record may be a header; it runs for every record. Looks at the first bytes
 * of the first column whose name is fixed and not empty.
 */
function mayBeHeader(
  accepts: readonly (ReadonlySet<string> | undefined)[],
  { names, layout, contract, format }: RepeatedHeaderOptions,
): (bytes: Uint8Array, start: number, end: number) => boolean {
  const field = accepts.findIndex((accepted, n) => accepted !== undefined && names[n]?.trim() !== '');
  const column = contract.columns[layout.columns.indexOf(field)];
  const spellings = [names[field] ?? '', ...(column?.headers ?? [])].flatMap((text) => [text, text.trim()]);
  const isBeyondAscii = spellings.some((text) => (text.charCodeAt(0) || 0) >= ASCII_END);
  const quote = String.fromCharCode(format.quote);
  const words = spellings
    .map((text) => /^[!-~]*/.exec(text.toLowerCase())?.[0] ?? '')
    .map((text) => text.split(quote)[0]?.split('\\')[0] ?? '')
    .map((word) => Uint8Array.from(word, (letter) => letter.charCodeAt(0)));
  return (bytes, start, end) => {
    let at = start;
    if (bytes[at] === MARK[0] && bytes[at + 1] === MARK[1] && bytes[at + 2] === MARK[2]) at += MARK.length;
    for (let n = 0; n < field; n++) at = behindField(bytes, at, end, format);
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === format.quote)) at++;
    if ((bytes[at] ?? 0) >= ASCII_END) return isBeyondAscii;
    return words.some((word) => isWordAt(bytes, at, end, word));
  };
}

/** Where the next field begins, as long as quotes stand where they should; the end where there is none. */
function behindField(bytes: Uint8Array, start: number, end: number, format: RecordFormat): number {
  let isOpen = false;
  for (let at = start; at < end; at++) {
    if (bytes[at] === format.quote) isOpen = !isOpen;
    else if (!isOpen && isDelimiter(bytes, at, end, format))
      return at + 1 + (format.delimiterRest?.length ?? 0);
  }
  return end;
}

/** Whether a word of ASCII stands at a place, in any case, and no longer one. */
function isWordAt(bytes: Uint8Array, at: number, end: number, lower: Uint8Array): boolean {
  if (at + lower.length > end) return false;
  for (let n = 0; n < lower.length; n++) if (lowerCase(bytes[at + n] as number) !== lower[n]) return false;
  const next = at + lower.length < end ? lowerCase(bytes[at + lower.length] as number) : SPACE;
  return !((next >= 97 && next <= 122) || (next >= 48 && next <= 57));
}

const lowerCase = (byte: number): number => (byte >= 65 && byte <= 90 ? byte + 32 : byte);

/** Whether a record has the header's fields, each with one of its names; a byte order mark before it is that of a joined file. */
function isHeader(
  record: Uint8Array,
  accepts: readonly (ReadonlySet<string> | undefined)[],
  { format, dialect }: RepeatedHeaderOptions,
): boolean {
  const isMarked = MARK.every((byte, n) => record[n] === byte);
  const bytes = isMarked ? record.subarray(MARK.length) : record;
  const scan = newScan();
  readRecord(bytes, 0, bytes.length, true, format, scan);
  if (scan.problem !== undefined || scan.next < bytes.length) return false;
  const utf8 = toUtf8(bytes, dialect.encodings);
  if (utf8 === undefined) return false;
  const texts = fieldTexts(utf8, format, dialect);
  return accepts.every((names, field) => names?.has(normaliseHeader(texts[field] ?? '')) ?? true);
}
