import { Buffer } from 'node:buffer';
import type { Scratch } from '../ports.ts';
import type { Segment } from './segments.ts';

/** A slice ends with the first piece past this size. */
const SLICE_BYTES = 16 * 1024 * 1024;

/** Memory that isn't written to costs little. */
const USUAL_BYTES = SLICE_BYTES + SLICE_BYTES / 8;

const MARK = Buffer.from('\ufeff');

/**
 * A segment's file as whole records, some at a time, in order; in memory that threads have in common, and good until the
 * next are asked for.
 */
export async function* segmentSlices(
  { path, pieces }: Pick<Segment, 'path' | 'pieces'>,
  scratch: Pick<Scratch, 'read'>,
): AsyncGenerator<Buffer> {
  const starts = sliceStarts(pieces.map(({ byte }) => byte));
  let memory = Buffer.from(new SharedArrayBuffer(0));
  for (const [n, start] of starts.entries()) {
    const end = starts[n + 1];
    let length = 0;
    for await (const part of scratch.read(path, end === undefined ? { start } : { start, end })) {
      if (length + part.length > memory.length) memory = withRoom(memory, length + part.length);
      memory.set(part, length);
      length += part.length;
    }
    const bytes = memory.subarray(0, length);
    // Where a record begins with a mark, another stands before it.
    yield start === 0 && bytes.subarray(0, MARK.length).equals(MARK) ? bytes.subarray(MARK.length) : bytes;
  }
}

/** The same bytes with room for so many; most slices are of one size. */
function withRoom(memory: Buffer, bytes: number): Buffer<SharedArrayBuffer> {
  const room = Math.max(bytes, 2 * memory.length, memory.length === 0 ? USUAL_BYTES : 0);
  const larger = Buffer.from(new SharedArrayBuffer(room));
  larger.set(memory);
  return larger;
}

/** Where slices begin, of pieces that begin somewhere; what is gathered is one. */
function sliceStarts(pieces: readonly number[]): number[] {
  const starts: number[] = [];
  for (const byte of pieces)
    if (byte - (starts.at(-1) ?? Number.NEGATIVE_INFINITY) >= SLICE_BYTES) starts.push(byte);
  return starts.length === 0 ? [0] : starts;
}
