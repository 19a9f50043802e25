import { Buffer } from 'node:buffer';
import type { Scratch, ScratchFile } from '../ports.ts';

const MARK = Buffer.from('\ufeff');

/** A scratch file of records for DuckDB; the first of them begins at byte `start`. */
export interface SegmentFile {
  readonly file: ScratchFile;
  readonly start: number;
}

/**
 * Creates a scratch file and writes its first records, which must not be cut within three bytes. DuckDB takes a byte
 * order mark at the beginning of a file away; where a record begins with one, which is then part of its value, another
 * stands before it.
 */
export async function createSegmentFile(
  scratch: Scratch,
  name: string,
  first: Uint8Array,
): Promise<SegmentFile> {
  const file = await scratch.create(name);
  const isMarked = MARK.equals(first.subarray(0, MARK.length));
  if (isMarked) await file.write(MARK);
  await file.write(first);
  return { file, start: isMarked ? MARK.length : 0 };
}
