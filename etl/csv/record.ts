import { readLine } from '../jsonl/read-line.ts';
import { isDelimiter, LF_BYTE as LF, lineEnd, readFields, SPACE, surplusAt, TAB } from './record-fields.ts';
import { ANY_WIDTH, type RecordFormat, type RecordScan } from './record-format.ts';
import { doQuotesSpanFields } from './stray-quotes.ts';

/**
 * Where one CSV record ends, and whether it is well formed (RFC 4180, with any of LF, CRLF and CR as the end of a
 * record). A record whose quotes open and close properly is one record, whatever else is wrong with it. Where they
 * don't, the quote is taken for a stray one: the record is its first line, and the lines that it swallowed are records.
 */

/** How far the quote is looked for that closes a record longer than the limit, so that its lines become no records. */
const SPAN_BYTES = 16 * 1024 * 1024;

/**
 * Reads the record that begins at `start`. Returns false when the bytes end before it does and more may come (`final`
 * false); with `final` true it always succeeds. Looks at no more bytes than the limit allows, or within quotes
 * SPAN_BYTES: of what is longer, the first line is the record, however far it goes on.
 */
export function readRecord(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  format: RecordFormat,
  scan: RecordScan,
): boolean {
  if (format.isJson) return readLine(bytes, start, limit, final, format, scan);
  // One byte more than the limit may be a carriage return that only ends the record, and one the line feed behind it.
  const near = start + format.maxRecordBytes + 2 + (format.delimiterRest?.length ?? 0);
  if (limit <= near) {
    if (!readAnew(bytes, start, limit, final, format, scan)) return false;
  } else if (!readAnew(bytes, start, near, false, format, scan)) {
    const far = Math.max(near, start + SPAN_BYTES);
    if (!scan.isOpen && scan.quotedNewlines === 0) return takeLine(bytes, start, limit, final, format, scan);
    if (!readAnew(bytes, start, Math.min(limit, far), final && limit <= far, format, scan)) {
      return limit < far && !final ? false : takeLine(bytes, start, limit, final, format, scan);
    }
  }
  if (scan.isBadlyQuoted && scan.quotedNewlines > 0)
    return takeLine(bytes, start, limit, final, format, scan);
  if (scan.problem === undefined && format.fields !== ANY_WIDTH && scan.fields !== format.fields)
    judgeWidth(bytes, start, format, scan);
  if (scan.problem === undefined && scan.hasQuoteAsText && doQuotesSpanFields(bytes, start, scan.end, format))
    scan.problem = 'a quote inside an unquoted field';
  if (scan.end - start > format.maxRecordBytes) scan.problem = 'a record longer than the limit';
  return true;
}

function readAnew(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  format: RecordFormat,
  scan: RecordScan,
): boolean {
  scan.quotedNewlines = 0;
  scan.problem = undefined;
  scan.hasEdgeBlanks = false;
  scan.needsRewriting = false;
  scan.hasExtraEmpty = false;
  scan.goesOn = false;
  scan.isBadlyQuoted = false;
  scan.hasQuoteAsText = false;
  scan.isOpen = false;
  return readFields(bytes, start, limit, final, format, scan);
}

/** A record of another width than the header's: broken, unless what it has too much is empty and may be. */
function judgeWidth(bytes: Uint8Array, start: number, format: RecordFormat, scan: RecordScan): void {
  if (scan.fields < format.fields) {
    scan.problem = 'too few fields';
    return;
  }
  scan.hasExtraEmpty = isSurplusEmpty(bytes, surplusAt(bytes, start, format), scan.end, format);
  if (scan.hasExtraEmpty && format.allowsExtraEmpty) scan.needsRewriting = true;
  else scan.problem = 'too many fields';
}

/** Whether nothing but blanks, in quotes or not, stands in the fields of a well-formed record from a place on. */
function isSurplusEmpty(bytes: Uint8Array, from: number, end: number, format: RecordFormat): boolean {
  let quotes = 0;
  for (let at = from; at < end; at++) {
    if (isDelimiter(bytes, at, end, format)) {
      quotes = 0;
      at += format.delimiterRest?.length ?? 0;
    } else if (bytes[at] === format.quote) quotes++;
    else if (bytes[at] !== SPACE && bytes[at] !== TAB) return false;
    if (quotes > 2) return false;
  }
  return true;
}

/** Takes only the first line of a record whose quotes close badly, or that is too long. */
function takeLine(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  { maxRecordBytes }: RecordFormat,
  scan: RecordScan,
): boolean {
  const at = lineEnd(bytes, start, limit);
  const isLong = at - start > maxRecordBytes;
  scan.quotedNewlines = 0;
  scan.problem = isLong ? 'a record longer than the limit' : 'a quote that is never closed';
  scan.end = at;
  scan.next = at;
  scan.goesOn = isLong && at >= limit && !final;
  if (at >= limit) return final || isLong;
  if (bytes[at] !== LF && at + 1 >= limit && !final) return false;
  scan.next = bytes[at] !== LF && at + 1 < limit && bytes[at + 1] === LF ? at + 2 : at + 1;
  return true;
}

/** Whether a record holds nothing but delimiters, quotes, spaces and tabs. */
export function isBlank(bytes: Uint8Array, start: number, end: number, format: RecordFormat): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (isDelimiter(bytes, at, end, format)) at += format.delimiterRest?.length ?? 0;
    else if (byte !== format.quote && byte !== SPACE && byte !== TAB) return false;
  }
  return true;
}
