import type { Layout } from './layout.ts';
import type { PieceFormat, StartPosition } from './piece.ts';
import type { ByteWindow } from './window.ts';

/** A file whose records can be read. */
export interface Opened {
  readonly kind: 'open';
  /** Stands at the first record; whoever opened the file closes it. */
  readonly window: ByteWindow;
  readonly layout: Layout;
  readonly format: PieceFormat;
  /** Where that record stands in the file. */
  readonly first: StartPosition;
  /** What people should know of how it was read. */
  readonly note?: string;
}

/** Why a file has no records to be read. */
export type Unopened = { readonly kind: 'empty' } | { readonly kind: 'rejected'; readonly why: string };
