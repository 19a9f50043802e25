import { Buffer } from 'node:buffer';
import type { Needle } from './needles.ts';

/** A place where a needle lies. */
export interface Hit {
  readonly needle: Needle;
  /** Of its first byte, from the beginning of what was searched. */
  readonly offset: number;
}

/** Looks through bytes for needles, all of them at once. */
export type ByteSearch = (stream: AsyncIterable<Uint8Array>, onHit: (hit: Hit) => void) => Promise<number>;

/** All needles have so many bytes, by which they are told before they are compared. */
const HEAD_BYTES = 4;
const BITS = 20;

/** What looks for these needles, each of four bytes or more. It returns how many bytes it was given. */
export function byteSearch(needles: readonly Needle[]): ByteSearch {
  const seen = new Uint8Array(1 << BITS);
  const byHead = new Map<number, Needle[]>();
  for (const needle of needles) {
    const head = needle.bytes.readUInt32BE(0);
    seen[slotOf(head)] = 1;
    byHead.set(head, [...(byHead.get(head) ?? []), needle]);
  }
  const longest = needles.reduce((most, { bytes }) => Math.max(most, bytes.length), HEAD_BYTES);
  const search = (bytes: Buffer, end: number, start: number, onHit: (hit: Hit) => void): void => {
    let head = 0;
    for (let n = 0; n < HEAD_BYTES - 1 && n < bytes.length; n++) head = (head << 8) | (bytes[n] ?? 0);
    const last = Math.min(end, bytes.length - HEAD_BYTES + 1);
    for (let at = 0; at < last; at++) {
      head = (head << 8) | (bytes[at + HEAD_BYTES - 1] as number);
      if (seen[slotOf(head)] === 0) continue;
      for (const needle of byHead.get(head >>> 0) ?? [])
        if (needle.bytes.equals(bytes.subarray(at, at + needle.bytes.length)))
          onHit({ needle, offset: start + at });
    }
  };
  return async (stream, onHit) => {
    let [held, start]: [Buffer, number] = [Buffer.alloc(0), 0];
    for await (const piece of stream) {
      const bytes = Buffer.concat([held, piece]);
      // A needle that begins in the last bytes may end in the next piece.
      const end = Math.max(0, bytes.length - longest + 1);
      search(bytes, end, start, onHit);
      held = Buffer.from(bytes.subarray(end));
      start += end;
    }
    search(held, held.length, start, onHit);
    return start + held.length;
  };
}

/** Spreads heads over the slots (Knuth's multiplicative hashing), of 16 bits a time so that no product passes 2^53. */
const slotOf = (head: number): number =>
  ((head & 0xffff) * 0x9e37 + (head >>> 16) * 0x79b1) & ((1 << BITS) - 1);
