import { newScan, type RecordFormat, type RecordScan } from './record-format.ts';

/** The hot loop of the structural pass: it looks at every byte once. */

export const LF_BYTE = 10;
const LF = LF_BYTE;
const CR = 13;
export const SPACE = 32;
export const TAB = 9;
/** A no-break space in UTF-8. */
export const NBSP_LEAD = 0xc2;
export const NBSP_TAIL = 0xa0;

/** The bytes ended before the closing quote, or the search for it was given up. */
const [RAN_OUT, GAVE_UP] = [-1, -2];

/**
 * Fills a fresh scan, all but the check of the width; returns false when the bytes ran out. Stops early, with
 * isBadlyQuoted, where misplaced quotes span a line.
 */
export function readFields(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  format: RecordFormat,
  scan: RecordScan,
): boolean {
  const { delimiter, delimiterRest, quote, skipsSpaces } = format;
  let fields = 1;
  let at = start;
  for (;;) {
    if (skipsSpaces && bytes[at] === SPACE && at < limit) {
      scan.needsRewriting = true;
      while (bytes[at] === SPACE && at < limit) at++;
    }
    const first = bytes[at];
    if (first === quote && at < limit) {
      at = closeQuote(bytes, at + 1, limit, format, scan);
      if (at < 0 || (at >= limit && !final)) {
        if (at === GAVE_UP) return true;
        scan.isOpen = at === RAN_OUT;
        if (!final) return false;
        if (at === RAN_OUT) {
          scan.problem = 'a quote that is never closed';
          scan.isBadlyQuoted = true;
        }
        at = limit;
      } else if (at < limit && bytes[at] !== LF && bytes[at] !== CR) {
        if (delimiterRest !== undefined && !final && at + delimiterRest.length >= limit) return false;
        if (!isDelimiter(bytes, at, limit, format)) {
          scan.problem ??= 'text after a closing quote';
          scan.isBadlyQuoted = true;
        }
      }
    } else if (first === SPACE || first === TAB || first === NBSP_LEAD) {
      scan.hasEdgeBlanks = true;
    }
    // Three comparisons a byte; what is left to look at more closely is rare.
    let byte = 0;
    for (;;) {
      // biome-ignore lint/suspicious/noAssignInExpressions: one read a byte; a second one costs a fifth of the scan
      while (at < limit && (byte = bytes[at] as number) !== delimiter && byte !== quote && byte > CR) at++;
      if (at >= limit || byte === LF || byte === CR) break;
      if (byte === delimiter) {
        if (delimiterRest === undefined) break;
        if (!final && at + delimiterRest.length >= limit) return false;
        if (isDelimiter(bytes, at, limit, format)) break;
      }
      if (byte === quote) takeStrayQuote(format, scan);
      else if (byte === 0) scan.problem ??= 'a NUL byte';
      at++;
    }
    const last = bytes[at - 1];
    if (last === SPACE || last === TAB || last === NBSP_TAIL) scan.hasEdgeBlanks = true;
    if (at >= limit || byte !== delimiter) break;
    fields++;
    at += delimiterRest === undefined ? 1 : 1 + delimiterRest.length;
  }
  scan.fields = fields;
  return endRecord(bytes, at, limit, final, scan);
}

/** A quote inside an unquoted field. */
function takeStrayQuote({ isQuoteText }: RecordFormat, scan: RecordScan): void {
  if (isQuoteText) {
    scan.hasQuoteAsText = true;
    scan.needsRewriting = true;
  } else {
    scan.problem ??= 'a quote inside an unquoted field';
    scan.isBadlyQuoted = true;
  }
}

/** Whether the delimiter stands at a place, all of it. */
export function isDelimiter(
  bytes: Uint8Array,
  at: number,
  limit: number,
  { delimiter, delimiterRest }: RecordFormat,
): boolean {
  if (bytes[at] !== delimiter) return false;
  if (delimiterRest === undefined) return true;
  if (at + delimiterRest.length >= limit) return false;
  for (let n = 0; n < delimiterRest.length; n++) if (bytes[at + 1 + n] !== delimiterRest[n]) return false;
  return true;
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

/** Position after the quote that closes a field; RAN_OUT or GAVE_UP where there is none. */
function closeQuote(
  bytes: Uint8Array,
  from: number,
  limit: number,
  format: RecordFormat,
  scan: RecordScan,
): number {
  const { quote, escape: escaping, escapesItself } = format;
  let at = from;
  while (at < limit) {
    const byte = bytes[at] as number;
    if (byte === escaping && escaping !== quote) {
      // Skip an escaped sign, since it closes nothing. An escape before another sign is text.
      const next = bytes[at + 1];
      at += next === quote || (escapesItself && next === escaping) ? 2 : 1;
      scan.needsRewriting = true;
    } else if (byte === quote) {
      if (escaping !== quote || bytes[at + 1] !== quote || at + 1 >= limit) {
        if (isEdgeBlank(bytes[from]) || isEdgeBlank(bytes[at - 1])) scan.hasEdgeBlanks = true;
        return at + 1;
      }
      at += 2;
    } else {
      // CRLF is one line end. Bytes past the limit are stale.
      if (byte === LF || (byte === CR && (at + 1 >= limit || bytes[at + 1] !== LF))) {
        scan.quotedNewlines++;
        if (scan.isBadlyQuoted || scan.hasQuoteAsText) {
          scan.isBadlyQuoted = true;
          return GAVE_UP;
        }
      } else if (byte === 0) scan.problem ??= 'a NUL byte';
      at++;
    }
  }
  return RAN_OUT;
}

/** Whether a byte may belong to a blank at the edge of a value; it may also belong to some other character. */
function isEdgeBlank(byte: number | undefined): boolean {
  return (
    byte === SPACE || byte === TAB || byte === LF || byte === CR || byte === NBSP_LEAD || byte === NBSP_TAIL
  );
}

/** Where the line that begins at a place ends, without its end; the limit if it goes on. */
export function lineEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && bytes[at] !== LF && bytes[at] !== CR) at++;
  return at;
}

const IGNORED = newScan();

/** Position behind the quote that closes a well-formed record's field, whose text begins at `from`. */
export function passQuoted(bytes: Uint8Array, from: number, end: number, format: RecordFormat): number {
  const at = closeQuote(bytes, from, end, format, IGNORED);
  return at < 0 ? end : at;
}

/** Where the fields begin that a well-formed record has past the header's width. */
export function surplusAt(bytes: Uint8Array, start: number, format: RecordFormat): number {
  let at = start;
  for (let field = 0; field < format.fields; field++) {
    while (format.skipsSpaces && bytes[at] === SPACE) at++;
    if (bytes[at] === format.quote) at = closeQuote(bytes, at + 1, bytes.length, format, IGNORED);
    while (at < bytes.length && !isDelimiter(bytes, at, bytes.length, format)) at++;
    at += 1 + (format.delimiterRest?.length ?? 0);
  }
  return at;
}
