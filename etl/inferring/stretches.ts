/** A part of a file, end-exclusive, in bytes. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** How many stretches a large file is read in. */
const COUNT = 16;

/**
 * The parts of a text to read when `limitBytes` of it are wanted: all of it where it is no larger, else stretches of
 * equal size spread evenly, the first at `start` and the last at the end, where a total row would be.
 */
export function stretchesOf(start: number, end: number, limitBytes: number): readonly Stretch[] {
  const sizeBytes = end - start;
  if (sizeBytes <= limitBytes) return sizeBytes > 0 ? [{ start, end }] : [];
  const length = Math.max(1, Math.floor(limitBytes / COUNT));
  const step = (sizeBytes - length) / (COUNT - 1);
  return Array.from({ length: COUNT }, (_, n) => {
    const from = start + Math.round(n * step);
    return { start: from, end: from + length };
  });
}

const LF = 10;

/**
 * The whole lines of some stretches, one after the other: what a stretch cuts off at either end is left out. A record
 * that spans several lines may still lose some of them at a cut.
 */
export async function* wholeLines(
  read: (stretch: Stretch) => AsyncIterable<Uint8Array>,
  stretches: readonly Stretch[],
  whole: Stretch,
): AsyncGenerator<Uint8Array> {
  for (const stretch of stretches) {
    let begun = stretch.start === whole.start;
    let tail = new Uint8Array();
    for await (const piece of read(stretch)) {
      const from = begun ? 0 : piece.indexOf(LF) + 1;
      if (!begun && from === 0) continue;
      begun = true;
      const last = piece.lastIndexOf(LF) + 1;
      if (last <= from) {
        tail = joined(tail, piece.subarray(from));
        continue;
      }
      yield joined(tail, piece.subarray(from, last));
      tail = Uint8Array.from(piece.subarray(last));
    }
    if (stretch.end === whole.end && tail.length > 0) yield tail;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
