/** The bytes and the smallest parts of JSON (RFC 8259). */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const SPACE = 0x20;
export const MINUS = 0x2d;
export const LETTER_U = 0x75;
const [DOT, PLUS, ZERO, NINE, LOWER_E, UPPER_E] = [0x2e, 0x2b, 0x30, 0x39, 0x65, 0x45];

/** What a letter behind a backslash stands for, beside `u`. */
export const ESCAPED: ReadonlyMap<number, number> = new Map(
  ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => [
    pair.charCodeAt(0),
    pair.charCodeAt(1),
  ]),
);

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

/** Where a number ends that begins with a digit or a minus; -1 where it is none, or goes on as none does. */
export function passNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const first = at;
  at = passDigits(bytes, at, end);
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return -1;
  if (at < end && bytes[at] === DOT) {
    const fraction = at + 1;
    at = passDigits(bytes, fraction, end);
    if (at === fraction) return -1;
  }
  if (at < end && (bytes[at] === LOWER_E || bytes[at] === UPPER_E)) {
    const isSigned = bytes[at + 1] === PLUS || bytes[at + 1] === MINUS;
    const exponent = at + (isSigned ? 2 : 1);
    at = passDigits(bytes, exponent, end);
    if (at <= exponent) return -1;
  }
  return at;
}

function passDigits(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  return at;
}

const WORDS = ['true', 'false', 'null'].map((word) =>
  Uint8Array.from(word, (letter) => letter.charCodeAt(0)),
);

/** Where `true`, `false` or `null` ends; -1 where none of them stands there. */
export function passWord(bytes: Uint8Array, start: number, end: number): number {
  for (const word of WORDS)
    if (start + word.length <= end && word.every((byte, n) => bytes[start + n] === byte))
      return start + word.length;
  return -1;
}

/** The four hexadecimal digits at a place as a code unit; -1 where other bytes stand there. */
export function codeUnit(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 > end) return -1;
  let unit = 0;
  for (let at = start; at < start + 4; at++) {
    const digit = hexDigit(bytes[at] as number);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** What a line begins with that begins with no object. */
export function whatBegins(bytes: Uint8Array, start: number, end: number): string {
  const byte = start < end ? bytes[start] : undefined;
  if (byte === OPEN_LIST) return 'an array';
  if (byte === QUOTE) return 'a text';
  if (byte === MINUS || isDigit(byte)) return 'a number';
  if (passWord(bytes, start, end) >= 0) return 'true, false or null';
  return byte === 0xef ? 'a byte order mark' : 'no JSON';
}
