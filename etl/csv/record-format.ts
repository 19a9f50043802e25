import { Buffer } from 'node:buffer';
import type { CsvDialect } from '../contract/csv-dialect.ts';
import type { JsonProblem } from '../jsonl/problem.ts';

/** The width of a record that may have any. */
export const ANY_WIDTH = -1;

/** What the scanner needs to know of a dialect; `fields` is the header's width, or ANY_WIDTH. */
export interface RecordFormat {
  /** The delimiter's first byte, and those behind it where it has several. */
  readonly delimiter: number;
  readonly delimiterRest: Uint8Array | undefined;
  readonly quote: number;
  /** NO_ESCAPE where no sign takes another for text. */
  readonly escape: number;
  /** Whether the escape takes itself for text, too; else only quotes. */
  readonly escapesItself: boolean;
  /** Whether a quote inside an unquoted field is text. */
  readonly isQuoteText: boolean;
  /** Whether spaces before a field are no part of it. */
  readonly skipsSpaces: boolean;
  /** Whether fields past the header's width may stand there, as long as they are empty. */
  readonly allowsExtraEmpty: boolean;
  /** Whether each record is one line, whatever stands within its quotes. */
  readonly recordsAreLines: boolean;
  /** Whether each record is what stands before a line feed, whatever it is: JSON Lines. */
  readonly isJson: boolean;
  readonly fields: number;
  readonly maxRecordBytes: number;
}

/** The escape of a dialect without one: no byte is that. */
const NO_ESCAPE = -1;

/** The format of records of some width in a dialect. */
export function recordFormat(
  dialect: Omit<CsvDialect, 'encodings' | 'nullValues'>,
  fields: number,
  maxRecordBytes: number,
): RecordFormat {
  const [delimiter = 0, ...rest] = Buffer.from(dialect.delimiter);
  return {
    delimiter,
    delimiterRest: rest.length === 0 ? undefined : Uint8Array.from(rest),
    quote: dialect.quote.charCodeAt(0),
    escape: dialect.escape === '' ? NO_ESCAPE : dialect.escape.charCodeAt(0),
    escapesItself: dialect.escapes !== 'quotes',
    isQuoteText: dialect.strayQuotes === 'text',
    skipsSpaces: dialect.skipSpaces === true,
    allowsExtraEmpty: dialect.extraFields === 'empty',
    recordsAreLines: dialect.recordsAreLines === true,
    isJson: dialect.format === 'jsonl',
    fields,
    maxRecordBytes,
  };
}

/** How many lines of the source a record takes. */
export const linesOf = ({ quotedNewlines }: RecordScan, { recordsAreLines }: RecordFormat): number =>
  recordsAreLines ? 1 : 1 + quotedNewlines;

/** Why a record can't be parsed. */
export type StructureProblem =
  | 'too few fields'
  | 'too many fields'
  | 'a quote inside an unquoted field'
  | 'text after a closing quote'
  | 'a quote that is never closed'
  | 'a NUL byte'
  | 'bytes that no listed encoding can read'
  | 'a record longer than the limit'
  | 'the header line again'
  // Of protected files, where nobody can read the text.
  | 'the form of a footer'
  | 'text that begins like an envelope'
  | typeof PERSONAL_PROBLEM
  | typeof FORGOTTEN_PROBLEM
  | JsonProblem;

/** Why nothing is left of a record of a protected file: the person it named was forgotten. */
export const FORGOTTEN_PROBLEM = 'forgotten';

/** Of an event of a protected dataset: a column that is stored in the clear holds personal data. */
export const PERSONAL_PROBLEM = 'personal data in the clear';

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
  /** Whether the record must be rewritten to mean the same with plain delimiters and doubled quotes. */
  needsRewriting: boolean;
  /** Whether there are fields past the header's width, and nothing is in them. */
  hasExtraEmpty: boolean;
  /** Whether the record is longer than the limit and its line continues behind these bytes. */
  goesOn: boolean;
  /** Whether a quote stands where none may: its record is one line. */
  isBadlyQuoted: boolean;
  /** Whether a quote inside an unquoted field was taken for text. */
  hasQuoteAsText: boolean;
  /** Whether the bytes ended inside quotes. */
  isOpen: boolean;
}

/** A record scan to be filled. */
export function newScan(): RecordScan {
  return {
    end: 0,
    next: 0,
    fields: 0,
    quotedNewlines: 0,
    problem: undefined,
    hasEdgeBlanks: false,
    needsRewriting: false,
    hasExtraEmpty: false,
    goesOn: false,
    isBadlyQuoted: false,
    hasQuoteAsText: false,
    isOpen: false,
  };
}
