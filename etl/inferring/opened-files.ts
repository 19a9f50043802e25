import type { FoundFooter } from './find-footer.ts';
import type { MatchedColumn } from './match-columns.ts';
import type { Note } from './notes.ts';
import type { ProposedFile } from './proposal.ts';
import type { Signs } from './sniff-dialect.ts';
import type { TextFile } from './text-file.ts';

/** A file that has records, with its header and how to read its sample. */
export interface OpenedFile {
  readonly file: TextFile;
  /** Those of its header, or `column_1` and so on if it has none. */
  readonly names: readonly string[];
  /** Whether it begins with one, below its preamble. */
  readonly hasHeader: boolean;
  /** Where a header line stands among the records of a file that has none above them: which record it is, from 1. */
  readonly headerRecord?: number;
  /** Whether the header's bytes are UTF-8; true where there is none. */
  readonly isHeaderUtf8: boolean;
  /** Some of its first records. */
  readonly sample: readonly (readonly string[])[];
  /** Records at its end that are no data. */
  readonly footer: FoundFooter;
  /** Its text from the header on, or stretches of it; below a new header if none. */
  readonly stream: () => AsyncIterable<Uint8Array>;
  readonly report: Pick<ProposedFile, 'sizeBytes' | 'readBytes' | 'isSampled' | 'packing' | 'preambleLines'>;
}

/** The files that have records, those that don't, and the dialect that all of them are in. */
export interface OpenedFiles {
  readonly opened: readonly OpenedFile[];
  /** Why a file was left out, one sentence each. */
  readonly skipped: readonly string[];
  readonly dialect: { readonly signs: Signs; readonly notes: readonly Note[] };
  /** The columns of records of JSON, which have no header. */
  readonly columns?: readonly MatchedColumn[];
}
