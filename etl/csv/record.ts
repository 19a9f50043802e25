/**
 * Where one CSV record ends, and whether it is well formed (RFC 4180, with any of LF, CRLF and CR as
 * the end of a record). The hot loop of the structural pass: it looks at every byte once.
 */

/** The width of a record that may have any. */
export const ANY_WIDTH = -1;

/** What the scanner needs to know of a dialect; `fields` is the header's width, or ANY_WIDTH. */
export interface RecordFormat {
  readonly delimiter: number;
  readonly quote: number;
  readonly escape: number;
  readonly fields: number;
  readonly maxRecordBytes: number;
}

/** Why a record can't be parsed. */
export type StructureProblem =
  | 'too few fields'
  | 'too many fields'
  | 'a quote inside an unquoted field'
  | 'text after a closing quote'
  | 'a quote that is never closed'
  | 'a NUL byte'
  | 'bytes that no listed encoding can read'
  | 'a record longer than the limit';

/** What `readRecord` found; reused from call to call, since it is filled five million times. */
export interface RecordScan {
  /** Where the record's text ends, its terminator not included. */
  end: number;
  /** Where the next record begins. */
  next: number;
  fields: number;
  quotedNewlines: number;
  problem: StructureProblem | undefined;
  /** Whether a value may begin or end with a blank; where it is false, none does. */
  hasEdgeBlanks: boolean;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
/** A no-break space in UTF-8. */
const NBSP_LEAD = 0xc2;
const NBSP_TAIL = 0xa0;

/** A record scan to be filled. */
export function newScan(): RecordScan {
  return { end: 0, next: 0, fields: 0, quotedNewlines: 0, problem: undefined, hasEdgeBlanks: false };
}

/**
 * Reads the record that begins at `start`. Returns false when the bytes end before it does and more may
 * come (`final` false); with `final` true it always succeeds. A record that an open quote carried over
 * several lines, and that turns out malformed, is cut at its first line end: the quote is taken for a
 * stray one, and the lines that it swallowed are read again as records of their own.
 */
export function readRecord(
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
  if (!readFields(bytes, start, limit, final, format, scan)) {
    // One byte more than the limit may be a carriage return that only ends the record.
    const isTooLong = scan.quotedNewlines > 0 && limit - start > format.maxRecordBytes + 1;
    return isTooLong && cutAtLine(bytes, start, limit, final, scan);
  }
  if (scan.problem === undefined && format.fields !== ANY_WIDTH && scan.fields !== format.fields) {
    scan.problem = scan.fields < format.fields ? 'too few fields' : 'too many fields';
  }
  if (scan.quotedNewlines > 0 && (scan.problem !== undefined || scan.end - start > format.maxRecordBytes)) {
    return cutAtLine(bytes, start, limit, final, scan);
  }
  if (scan.end - start > format.maxRecordBytes) scan.problem = 'a record longer than the limit';
  return true;
}

/** Fills everything but the width check; returns false when the bytes ran out. */
function readFields(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  format: RecordFormat,
  scan: RecordScan,
): boolean {
  const { delimiter, quote } = format;
  let fields = 1;
  let at = start;
  for (;;) {
    const first = bytes[at];
    if (first === quote && at < limit) {
      at = closeQuote(bytes, at + 1, limit, format, scan);
      if (at < 0 || (at >= limit && !final)) {
        if (!final) return false;
        if (at < 0) scan.problem = 'a quote that is never closed';
        at = limit;
      } else if (at < limit && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) {
        scan.problem ??= 'text after a closing quote';
      }
    } else if (first === SPACE || first === TAB || first === NBSP_LEAD) {
      scan.hasEdgeBlanks = true;
    }
    // The hot loop: three comparisons a byte; what is left to look at more closely is rare.
    let byte = 0;
    for (;;) {
      // biome-ignore lint/suspicious/noAssignInExpressions: one read a byte; a second one costs a fifth of the scan
      while (at < limit && (byte = bytes[at] as number) !== delimiter && byte !== quote && byte > CR) at++;
      if (at >= limit || byte === delimiter || byte === LF || byte === CR) break;
      if (byte === quote) scan.problem ??= 'a quote inside an unquoted field';
      else if (byte === 0) scan.problem ??= 'a NUL byte';
      at++;
    }
    const last = bytes[at - 1];
    if (last === SPACE || last === TAB || last === NBSP_TAIL) scan.hasEdgeBlanks = true;
    if (at >= limit || byte !== delimiter) break;
    fields++;
    at++;
  }
  scan.fields = fields;
  return endRecord(bytes, at, limit, final, scan);
}

/** Takes the record's terminator; returns false where more bytes must come to know it. */
function endRecord(bytes: Uint8Array, at: number, limit: number, final: boolean, scan: RecordScan): boolean {
  if (at >= limit) {
    scan.end = limit;
    scan.next = limit;
    return final;
  }
  scan.end = at;
  scan.next = at + 1;
  if (bytes[at] !== CR) return true;
  if (at + 1 >= limit) return final;
  if (bytes[at + 1] === LF) scan.next = at + 2;
  return true;
}

/** Position after the quote that closes a field, or -1 where the bytes end first. */
function closeQuote(
  bytes: Uint8Array,
  from: number,
  limit: number,
  format: RecordFormat,
  scan: RecordScan,
): number {
  const { quote } = format;
  const escaping = format.escape;
  let at = from;
  while (at < limit) {
    const byte = bytes[at] as number;
    if (byte === escaping && escaping !== quote) {
      // What is escaped is no quote that closes; whatever else it is, is seen next.
      at += bytes[at + 1] === quote || bytes[at + 1] === escaping ? 2 : 1;
    } else if (byte === quote) {
      if (escaping !== quote || bytes[at + 1] !== quote || at + 1 >= limit) {
        if (isEdgeBlank(bytes[from]) || isEdgeBlank(bytes[at - 1])) scan.hasEdgeBlanks = true;
        return at + 1;
      }
      at += 2;
    } else {
      // CRLF is one line end; what lies behind the limit is of another time.
      if (byte === LF || (byte === CR && (at + 1 >= limit || bytes[at + 1] !== LF))) scan.quotedNewlines++;
      else if (byte === 0) scan.problem ??= 'a NUL byte';
      at++;
    }
  }
  return -1;
}

/** Whether a byte may belong to a blank at the edge of a value; it may also belong to some other character. */
function isEdgeBlank(byte: number | undefined): boolean {
  return (
    byte === SPACE || byte === TAB || byte === LF || byte === CR || byte === NBSP_LEAD || byte === NBSP_TAIL
  );
}

/** Takes only the first line of a malformed record that spans several. */
function cutAtLine(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  scan: RecordScan,
): boolean {
  let at = start;
  while (at < limit && bytes[at] !== LF && bytes[at] !== CR) at++;
  scan.quotedNewlines = 0;
  scan.problem = 'a quote that is never closed';
  return endRecord(bytes, at, limit, final, scan);
}

/** Whether a record holds nothing but delimiters, quotes, spaces and tabs. */
export function isBlank(bytes: Uint8Array, start: number, end: number, format: RecordFormat): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== format.delimiter && byte !== format.quote && byte !== 32 && byte !== 9) return false;
  }
  return true;
}
