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
  const bytes = paddedTextBytes(memory, start, length);
  if (bytes < 0) return undefined;
  const text = start + prefixLength(bytes);
  return memory.toString('utf8', text, text + bytes);
}

/** How many bytes the text has that `writePadded` wrote, which stand behind their length; -1 for other bytes. */
export function paddedTextBytes(memory: Uint8Array, start: number, length: number): number {
  let [bytes, at] = [0, start];
  for (let byte = 128; byte >= 128; at++) {
    byte = memory[at] ?? 0;
    bytes += (byte % 128) * 2 ** (7 * (at - start));
    if (at - start > 5) return -1;
  }
  if (at - start !== prefixLength(bytes) || paddedLength(bytes) !== length) return -1;
  for (let zero = at + bytes; zero < start + length; zero++) if (memory[zero] !== 0) return -1;
  return bytes;
}

/** Bytes of the length in front of a text of so many bytes. */
export function prefixLength(bytes: number): number {
  let length = 1;
  for (let rest = bytes; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes the length in front of a text; returns where that begins. */
export function writeLength(memory: Uint8Array, start: number, bytes: number): number {
  let [rest, at] = [bytes, start];
  for (; rest >= 128; rest = Math.floor(rest / 128)) memory[at++] = (rest % 128) + 128;
  memory[at++] = rest;
  return at;
}
