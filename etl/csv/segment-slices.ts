import { Buffer } from 'node:buffer';
import type { Scratch } from '../ports.ts';
import type { Segment } from './segments.ts';

/** A slice ends with the first piece past this size. */
const SLICE_BYTES = 16 * 1024 * 1024;

const MARK = Buffer.from('\ufeff');

/** A segment's file as whole records, some at a time, in order. */
export async function* segmentSlices(
  { path, pieces }: Pick<Segment, 'path' | 'pieces'>,
  scratch: Pick<Scratch, 'read'>,
): AsyncGenerator<Buffer> {
  const starts = sliceStarts(pieces.map(({ byte }) => byte));
  for (const [n, start] of starts.entries()) {
    const end = starts[n + 1];
    const parts: Buffer[] = [];
    for await (const part of scratch.read(path, end === undefined ? { start } : { start, end }))
      parts.push(Buffer.from(part));
    const bytes = Buffer.concat(parts);
    // Where a record begins with a mark, another stands before it.
    yield start === 0 && bytes.subarray(0, MARK.length).equals(MARK) ? bytes.subarray(MARK.length) : bytes;
  }
}

/** Where slices begin, of pieces that begin somewhere; what is gathered is one. */
function sliceStarts(pieces: readonly number[]): number[] {
  const starts: number[] = [];
  for (const byte of pieces)
    if (byte - (starts.at(-1) ?? Number.NEGATIVE_INFINITY) >= SLICE_BYTES) starts.push(byte);
  return starts.length === 0 ? [0] : starts;
}
