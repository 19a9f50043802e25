/** How the source writes its files. */
export interface CsvDialect {
  /** Set where each line is a record in JSON; then only `encodings` (UTF-8) and `nullValues` say something. */
  readonly format?: 'jsonl';
  /** Set where each record of JSON is a change of a table's row, as Debezium writes it, under the member `value`. */
  readonly envelope?: 'debezium';
  /** One sign or several. */
  readonly delimiter: string;
  readonly quote: string;
  /** Makes the next sign within quotes plain text; empty for none. */
  readonly escape: string;
  /** Set where the escape works on quotes only, not on itself. */
  readonly escapes?: 'quotes';
  /** How to read a quote in an unquoted field; absent: the record is broken. */
  readonly strayQuotes?: 'text';
  /** Whether to skip spaces before a field. */
  readonly skipSpaces?: true;
  /** What fields past the header's width may hold; absent: none allowed. */
  readonly extraFields?: 'empty';
  /** Tried in this order; a byte order mark decides before them. */
  readonly encodings: readonly Encoding[];
  /** Texts that mean "no value", compared trimmed and exactly; the empty text always does. */
  readonly nullValues: readonly string[];
  /** Column that stands alone in the source's total row, if it writes one. */
  readonly totalRowColumn?: string;
  /** So many records with something in them at a file's end are its footer, and no data. */
  readonly footerLines?: number;
  /** Records at a file's end whose whole text has this form are its footer, and no data. */
  readonly footerPattern?: string;
  /** So many lines may stand before the header, which is then the first that names every required column. */
  readonly preambleLines?: number;
  /** Names of the columns, in order, of files that have no header that could be read. */
  readonly columns?: readonly string[];
  /** With `columns`: so many lines stand before the first record, whatever they say. */
  readonly skipLines?: number;
  /** What a header line among the records is; absent: a record that fails. */
  readonly repeatedHeader?: 'skip';
  /** The sheet of a workbook that is read; absent: the first that isn't hidden. */
  readonly sheet?: string;
  /** Set where each record is one line, whatever stands within its quotes: a row of a sheet. No contract says so. */
  readonly recordsAreLines?: true;
}

/** How a file's bytes may stand for text. */
export type Encoding = 'utf-8' | 'windows-1252' | 'iso-8859-1' | 'utf-16le' | 'utf-16be';
