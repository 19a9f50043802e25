import type { Encoding } from '../contract/csv-dialect.ts';
import type { JsonShape } from '../jsonl/shape.ts';
import type { BrokenRecord } from './broken-record.ts';
import type { RecordFormat } from './record-format.ts';
import type { RepeatedHeader } from './repeated-header.ts';
import type { PlainSigns } from './rewrite.ts';

/**
 * Some consecutive records as DuckDB may read them: UTF-8, in plain signs, every record of the right width, all ended
 * alike. A broken record, or a blank one of another width, is replaced by one without any value, so that
 * the n-th record of the text is still the n-th record of the source.
 */
export interface Piece {
  /** Good until the next piece is asked for: the window's buffer is used again. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly broken: readonly BrokenRecord[];
  readonly hasQuotedNewlines: boolean;
  /** Whether some value may begin or end with a blank. */
  readonly hasEdgeBlanks: boolean;
  /** Size of the longest record that had to be decoded or rewritten; 0 where there is none. */
  readonly longestMadeBytes: number;
  /** Whether some record was in another encoding than UTF-8. */
  readonly isDecoded: boolean;
  /** Records with empty fields past the header's width. */
  readonly withExtraEmpty: number;
  /** Header lines among the records that were passed over. */
  readonly repeatedHeaders: number;
}

/** How to read a file's data records. */
export interface PieceFormat extends RecordFormat {
  readonly encodings: readonly Encoding[];
  readonly newline: '\n' | '\r\n';
  /** The signs that the records are handed on in. */
  readonly plain: PlainSigns;
  /** Absent where a header line is a record like any other. */
  readonly repeatedHeader?: RepeatedHeader;
  /** Set where the file is protected: records that couldn't be parsed are kept as `sealedLine` writes them. */
  readonly isSealed?: true;
  /** What is wanted of each record where they are JSON. */
  readonly json?: JsonShape;
}

/** Where a data record stands in its file: its number among the records, and the physical line on which it begins; both from 1. */
export interface StartPosition {
  readonly row: number;
  readonly line: number;
}
