import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import type { Encoding } from '../contract/contract.ts';

const DECODERS: Readonly<Record<Exclude<Encoding, 'utf-8'>, string>> = {
  'windows-1252': 'windows-1252',
  'iso-8859-1': 'iso-8859-1',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};

/** The UTF-8 form of one record's bytes by the first listed encoding that can read them; undefined where none can. */
export function toUtf8(bytes: Uint8Array, encodings: readonly Encoding[]): Uint8Array | undefined {
  for (const encoding of encodings) {
    if (encoding === 'utf-8') {
      if (isUtf8(bytes)) return bytes;
    } else if (encoding === 'iso-8859-1') {
      return Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8');
    } else if (!encoding.startsWith('utf-16')) {
      return Buffer.from(new TextDecoder(DECODERS[encoding]).decode(bytes), 'utf8');
    }
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
export function byteOrderMark(head: Uint8Array): { encoding: Encoding; skip: number } | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', skip: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', skip: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', skip: 2 };
  return undefined;
}

/** UTF-16 text, without its mark, as UTF-8 pieces; throws a TypeError on bytes that are not UTF-16. */
export async function* utf16ToUtf8(
  bytes: AsyncIterable<Uint8Array>,
  encoding: Encoding,
): AsyncGenerator<Uint8Array> {
  // Its mark is taken off already: another one is text.
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  for await (const piece of bytes) yield Buffer.from(decoder.decode(piece, { stream: true }), 'utf8');
  yield Buffer.from(decoder.decode(), 'utf8');
}
