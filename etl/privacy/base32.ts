import { Buffer } from 'node:buffer';

/** Lower-case base32 of RFC 4648 without padding: as good in a spreadsheet, an address or a table that ignores case. */
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';

const CODES = Buffer.from(DIGITS, 'latin1');

const NO_DIGIT = 255;
const VALUES = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, digit] of CODES.entries()) VALUES[digit] = value;

/** The bytes as base32: 16 bytes are 26 digits. */
export function toBase32(bytes: Uint8Array): string {
  const text = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let [bits, held, at] = [0, 0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text[at++] = CODES[(held >>> (bits - 5)) & 31] ?? 0;
    held &= (1 << bits) - 1;
  }
  if (bits > 0) text[at] = CODES[(held << (5 - bits)) & 31] ?? 0;
  return text.toString('latin1');
}

/** The bytes of a text that `toBase32` made; undefined for any other text. */
export function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [bits, held, at] = [0, 0, 0];
  for (let n = 0; n < text.length; n++) {
    const value = VALUES[text.charCodeAt(n)] ?? NO_DIGIT;
    if (value === NO_DIGIT) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >>> bits;
    held &= (1 << bits) - 1;
  }
  // Bits to spare are zeros, and fewer than a digit has.
  return held === 0 && bits < 5 ? bytes : undefined;
}
