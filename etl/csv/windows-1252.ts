import { Buffer } from 'node:buffer';

/**
 * The characters of bytes 0x80 to 0x9F in Windows-1252, by Unicode's own mapping (CP1252.TXT); five of the bytes are
 * no character. All other bytes are those of ISO 8859-1. A table of ours, since TextDecoder reads these bytes
 * as ISO 8859-1 in some versions of Node (20.20, 24.13).
 */
const CHARACTERS: readonly (string | undefined)[] = [
  ...['€', undefined, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', undefined, 'Ž', undefined],
  ...[undefined, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', undefined, 'ž', 'Ÿ'],
];
const FIRST = 0x80;

const SPECIAL = /[\x80-\x9f]/g;
const UNDEFINED = /[\x81\x8d\x8f\x90\x9d]/;

/** The UTF-8 form of a text in Windows-1252; undefined where a byte of it is no character there (81, 8D, 8F, 90, 9D). */
export function windows1252ToUtf8(bytes: Uint8Array): Uint8Array | undefined {
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (UNDEFINED.test(latin1)) return undefined;
  return Buffer.from(latin1.replace(SPECIAL, (sign) => CHARACTERS[sign.charCodeAt(0) - FIRST] ?? sign));
}
