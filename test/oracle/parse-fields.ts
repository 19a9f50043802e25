import { type CsvError, parse } from 'csv-parse/sync';
import type { CsvDialect } from '../../etl/contract/csv-dialect.ts';

/** One field as it stands in the source: NULL where there is nothing at all, not even quotes. */
export type RawField = string | null;

/** What of a dialect says where fields end. */
export type FieldDialect = Pick<
  CsvDialect,
  'delimiter' | 'quote' | 'escape' | 'escapes' | 'strayQuotes' | 'skipSpaces'
>;

/** The fields of one record, `open` where a quote is not closed, undefined where it is malformed. */
export function parseFields(text: string, dialect: FieldDialect): RawField[] | 'open' | undefined {
  if (text === '') return [null];
  const { delimiter, quote, strayQuotes, skipSpaces } = dialect;
  const isUsual = delimiter.length === 1 && dialect.escape === quote && !strayQuotes && !skipSpaces;
  return isUsual ? byCsvParse(text, dialect) : byHand(text, dialect);
}

function byCsvParse(text: string, { delimiter, quote }: FieldDialect): RawField[] | 'open' | undefined {
  try {
    // csv-parse lets a NUL stand behind a closing quote; no record with one is read, so any other sign will do.
    const rows: RawField[][] = parse(text.replaceAll('\0', '\u0001'), {
      delimiter,
      quote,
      escape: quote,
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

/** What no library reads: an escape that stays where it escapes nothing, and the like. */
function byHand(text: string, dialect: FieldDialect): RawField[] | 'open' | undefined {
  const { delimiter, quote } = dialect;
  const fields: RawField[] = [];
  let rest = text;
  let hasStray = false;
  const unquoted: string[] = [];
  for (;;) {
    if (dialect.skipSpaces) rest = rest.replace(/^ +/, '');
    if (rest.startsWith(quote)) {
      const quoted = takeQuoted(rest.slice(1), dialect);
      if (hasStray && /[\r\n]/.test(quoted?.value ?? rest)) return undefined;
      if (quoted === undefined) return 'open';
      fields.push(quoted.value);
      rest = quoted.rest;
      if (rest !== '' && !rest.startsWith(delimiter)) return undefined;
    } else {
      const at = rest.indexOf(delimiter);
      const value = at === -1 ? rest : rest.slice(0, at);
      if (value.includes(quote)) {
        if (dialect.strayQuotes !== 'text') return undefined;
        hasStray = true;
      }
      unquoted.push(value);
      fields.push(value === '' ? null : value);
      rest = rest.slice(value.length);
    }
    if (rest === '') return isSplit(unquoted, quote) ? undefined : fields;
    rest = rest.slice(delimiter.length);
  }
}

/** Whether a quote opens inside one unquoted field and one at the end of a later one closes: `4"a, b"`. */
function isSplit(unquoted: readonly string[], quote: string): boolean {
  const odd = unquoted.filter((value) => value.split(quote).length % 2 === 0);
  const opening = odd.findIndex((value) => value.indexOf(quote) < value.length - 1);
  return opening >= 0 && odd.slice(opening + 1).some((value) => value.endsWith(quote));
}

function takeQuoted(text: string, dialect: FieldDialect): { value: string; rest: string } | undefined {
  const { quote, escape: escaping, escapes } = dialect;
  const pairs = [
    escaping + quote,
    ...(escapes === 'quotes' || escaping === quote ? [] : [escaping + escaping]),
  ];
  let value = '';
  for (let at = 0; at < text.length; ) {
    const pair = text.slice(at, at + 2);
    if (escaping !== '' && pairs.includes(pair)) {
      value += pair[1];
      at += 2;
    } else if (text[at] === quote) return { value, rest: text.slice(at + 1) };
    else value += text[at++];
  }
  return undefined;
}
