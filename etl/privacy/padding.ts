import type { Buffer } from 'node:buffer';

/** Texts are sealed in blocks, so that an envelope tells their length no finer. */
const BLOCK_BYTES = 16;

/** How many bytes a text of so many bytes of UTF-8 is sealed as. */
export const paddedLength = (bytes: number): number =>
  Math.ceil((prefixLength(bytes) + bytes) / BLOCK_BYTES) * BLOCK_BYTES;

/** Writes a text as it is sealed: its length in bytes (unsigned LEB128), its UTF-8, and zeros up to a full block. */
export function writePadded(memory: Buffer, start: number, value: string, bytes: number): void {
  const text = writeLength(memory, start, bytes);
  memory.write(value, text, bytes, 'utf8');
  memory.fill(0, text + bytes, start + paddedLength(bytes));
}

/** Reads what `writePadded` wrote; undefined for other bytes. */
export function readPadded(memory: Buffer, start: number, length: number): string | undefined {
  let [bytes, at] = [0, start];
  for (let byte = 128; byte >= 128; at++) {
    byte = memory[at] ?? 0;
    bytes += (byte % 128) * 2 ** (7 * (at - start));
    if (at - start > 5) return undefined;
  }
  if (at - start !== prefixLength(bytes) || paddedLength(bytes) !== length) return undefined;
  for (let zero = at + bytes; zero < start + length; zero++) if (memory[zero] !== 0) return undefined;
  return memory.toString('utf8', at, at + bytes);
}

function prefixLength(bytes: number): number {
  let length = 1;
  for (let rest = bytes; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeLength(memory: Buffer, start: number, bytes: number): number {
  let [rest, at] = [bytes, start];
  for (; rest >= 128; rest = Math.floor(rest / 128)) memory[at++] = (rest % 128) + 128;
  memory[at++] = rest;
  return at;
}
