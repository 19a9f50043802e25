import { Buffer } from 'node:buffer';
import type { Span } from './copy-bytes.ts';

/** RFC 4648's digits for addresses and file names. */
const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1');

const NO_DIGIT = 255;
const VALUES = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;

/** How many digits, without padding, so many bytes are. */
export const base64urlLength = (bytes: number): number => Math.ceil((bytes * 4) / 3);

/** Writes bytes as base64url without padding; returns where it ends. */
export function writeBase64url({ bytes, start, end }: Span, out: Uint8Array, at: number): number {
  const last = end - ((end - start) % 3);
  let [from, to] = [start, at];
  for (; from < last; from += 3) {
    const three = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    out[to++] = DIGITS[three >>> 18] ?? 0;
    out[to++] = DIGITS[(three >>> 12) & 63] ?? 0;
    out[to++] = DIGITS[(three >>> 6) & 63] ?? 0;
    out[to++] = DIGITS[three & 63] ?? 0;
  }
  if (from === end) return to;
  const rest = ((bytes[from] ?? 0) << 16) | (from + 1 < end ? (bytes[from + 1] ?? 0) << 8 : 0);
  out[to++] = DIGITS[rest >>> 18] ?? 0;
  out[to++] = DIGITS[(rest >>> 12) & 63] ?? 0;
  if (from + 1 < end) out[to++] = DIGITS[(rest >>> 6) & 63] ?? 0;
  return to;
}

/**
 * Writes the bytes that digits of base64url stand for; returns whether they are digits, and none of the last one's bits
 * is to spare that isn't zero.
 */
export function readBase64url({ bytes, start, end }: Span, out: Uint8Array, at: number): boolean {
  const rest = (end - start) % 4;
  if (rest === 1) return false;
  const last = end - rest;
  let [from, to, seen] = [start, at, 0];
  for (; from < last; from += 4) {
    const [a, b, c, d] = [
      VALUES[bytes[from] ?? 0] ?? NO_DIGIT,
      VALUES[bytes[from + 1] ?? 0] ?? NO_DIGIT,
      VALUES[bytes[from + 2] ?? 0] ?? NO_DIGIT,
      VALUES[bytes[from + 3] ?? 0] ?? NO_DIGIT,
    ];
    seen |= a | b | c | d;
    out[to++] = (a << 2) | (b >>> 4);
    out[to++] = (b << 4) | (c >>> 2);
    out[to++] = (c << 6) | d;
  }
  if (rest === 0) return seen < 64;
  const [a, b] = [VALUES[bytes[from] ?? 0] ?? NO_DIGIT, VALUES[bytes[from + 1] ?? 0] ?? NO_DIGIT];
  const c = rest === 3 ? (VALUES[bytes[from + 2] ?? 0] ?? NO_DIGIT) : 0;
  out[to++] = (a << 2) | (b >>> 4);
  if (rest === 3) out[to++] = (b << 4) | (c >>> 2);
  return (seen | a | b | c) < 64 && (rest === 3 ? (c & 3) === 0 : (b & 15) === 0);
}
