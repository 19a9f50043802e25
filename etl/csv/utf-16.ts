import { Buffer } from 'node:buffer';

/** The two orders of bytes in UTF-16: the lower one first, or the higher. */
export type Utf16 = 'utf-16le' | 'utf-16be';

/**
 * UTF-16 text, without its mark, as UTF-8 pieces; another mark is text. Throws a TypeError on bytes that are not UTF-16:
 * an odd number of them, or half of a surrogate pair.
 */
export async function* utf16ToUtf8(
  bytes: AsyncIterable<Uint8Array>,
  encoding: Utf16,
): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const piece of bytes) {
    const all = Buffer.concat([rest, piece]);
    const whole = wholeCharacters(all, encoding);
    rest = all.subarray(whole);
    if (whole > 0) yield decode(all.subarray(0, whole), encoding);
  }
  if (rest.length % 2 === 1) throw new TypeError('it has an odd number of bytes');
  if (rest.length > 0) yield decode(rest, encoding);
}

/** How many bytes are whole characters: half a unit, and the first half of a pair, wait for what comes. */
function wholeCharacters(bytes: Buffer, encoding: Utf16): number {
  const even = bytes.length - (bytes.length % 2);
  const high = bytes[encoding === 'utf-16le' ? even - 1 : even - 2] ?? 0;
  return even > 0 && high >= 0xd8 && high <= 0xdb ? even - 2 : even;
}

function decode(bytes: Buffer, encoding: Utf16): Buffer {
  const text = (encoding === 'utf-16be' ? Buffer.from(bytes).swap16() : bytes).toString('utf16le');
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('half of a surrogate pair stands alone in it');
  return Buffer.from(text, 'utf8');
}

/** Bytes in which UTF-16 without a mark shows: its delimiters and line ends are there. */
export const UTF16_HEAD_BYTES = 4096;

/** The least share of ASCII in UTF-16, and how many times it must exceed ASCII in the other byte order. */
const [ASCII_SHARE, MORE] = [1 / 16, 4];

/**
 * Which UTF-16 of those listed a text without a mark is in, by its first bytes: every second byte of an ASCII character
 * is NUL. Where nothing but UTF-16 is listed, it is the first of them at least.
 */
export function unmarkedUtf16(head: Uint8Array, listed: readonly string[]): Utf16 | undefined {
  const orders = listed.filter((name): name is Utf16 => name.startsWith('utf-16'));
  if (orders.length === 0) return undefined;
  const shown = orders.find((order) => looksLike(head, order));
  return shown ?? (orders.length === listed.length ? orders[0] : undefined);
}

function looksLike(head: Uint8Array, order: Utf16): boolean {
  const high = order === 'utf-16le' ? 1 : 0;
  const nuls = [0, 0];
  head.forEach((byte, at) => {
    if (byte === 0) nuls[at % 2] = (nuls[at % 2] ?? 0) + 1;
  });
  const [ascii = 0, others = 0] = [nuls[high], nuls[1 - high]];
  return ascii > 0 && ascii >= (head.length / 2) * ASCII_SHARE && ascii >= others * MORE;
}
