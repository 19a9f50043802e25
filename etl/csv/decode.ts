import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import type { Encoding } from '../contract/csv-dialect.ts';
import type { Utf16 } from './utf-16.ts';
import { windows1252ToUtf8 } from './windows-1252.ts';

/**
 * The UTF-8 form of one record's bytes by the first listed encoding that can read them; undefined where none can.
 * ISO 8859-1 reads any bytes, Windows-1252 all but five. UTF-16 is not tried: a whole file is in it, or none.
 */
export function toUtf8(bytes: Uint8Array, encodings: readonly Encoding[]): Uint8Array | undefined {
  for (const encoding of encodings) {
    if (encoding === 'iso-8859-1') return Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8');
    if (encoding === 'utf-8' && isUtf8(bytes)) return bytes;
    const utf8 = encoding === 'windows-1252' ? windows1252ToUtf8(bytes) : undefined;
    if (utf8 !== undefined) return utf8;
  }
  return undefined;
}

/** Whether a run of records can be used as it is: ASCII always, UTF-8 where it is the first choice. */
export function isReadyUtf8(bytes: Uint8Array, encodings: readonly Encoding[]): boolean {
  return encodings[0] === 'utf-8' ? isUtf8(bytes) : isAscii(bytes);
}

/** The text of bytes that no listed encoding can read, reversibly: one character a byte. */
export function rawText(bytes: Uint8Array, encodings: readonly Encoding[]): string {
  const utf8 = toUtf8(bytes, encodings);
  return utf8 === undefined ? Buffer.from(bytes).toString('latin1') : Buffer.from(utf8).toString('utf8');
}

/** What the first bytes say of a file's encoding; `skip` is the length of the byte order mark. */
export function byteOrderMark(
  head: Uint8Array,
): { readonly encoding: 'utf-8' | Utf16; readonly skip: number } | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', skip: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', skip: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', skip: 2 };
  return undefined;
}
