import { isDelimiter, passQuoted, SPACE } from './record-fields.ts';
import type { RecordFormat } from './record-format.ts';

/**
 * Whether the quotes inside a record's unquoted fields open in one field and close at the end of a later one, as in
 * `4.50"Hat, red",`: a delimiter is missing in front of the quote, and the one within quotes split the value. Only
 * asked where quotes are text, of records that have some.
 */
export function doQuotesSpanFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  format: RecordFormat,
): boolean {
  let isOpen = false;
  for (let at = start; at <= end; ) {
    while (format.skipsSpaces && bytes[at] === SPACE) at++;
    const isQuoted = bytes[at] === format.quote;
    if (isQuoted) at = passQuoted(bytes, at + 1, end, format);
    const from = at;
    let quotes = 0;
    let firstQuote = -1;
    for (; at < end && !isDelimiter(bytes, at, end, format); at++) {
      if (bytes[at] !== format.quote) continue;
      if (quotes++ === 0) firstQuote = at;
    }
    if (!isQuoted && quotes % 2 === 1 && at > from) {
      const endsWithQuote = bytes[at - 1] === format.quote;
      if (isOpen && endsWithQuote) return true;
      // 5" is a size, and opens nothing.
      if (firstQuote < at - 1) isOpen = true;
    }
    at += 1 + (format.delimiterRest?.length ?? 0);
  }
  return false;
}
