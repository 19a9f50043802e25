import { Buffer } from 'node:buffer';

/** First bytes that a kind of file has, in hex, and what it is in words. */
const SIGNATURES: readonly (readonly [hex: string, words: string])[] = [
  ['50415231', 'a Parquet file'],
  ['4f626a01', 'an Avro file'],
  ['4f5243', 'an ORC file'],
  ['255044462d', 'a PDF'],
  ['504b0304', 'a zip archive, as spreadsheets (XLSX) are, too'],
  ['504b0506', 'an empty zip archive'],
  ['d0cf11e0a1b11ae1', 'an old office document (XLS)'],
  ['28b52ffd', 'packed with zstd'],
  ['425a68', 'packed with bzip2'],
  ['fd377a585a00', 'packed with xz'],
  ['377abcaf271c', 'a 7z archive'],
  ['526172211a07', 'a rar archive'],
  ['7f454c46', 'an executable (ELF)'],
  ['4d5a9000', 'an executable (Windows)'],
  ['cffaedfe', 'an executable (macOS)'],
  ['cafebabe', 'an executable (macOS or Java)'],
  ['2321', 'a script (#!)'],
  ['53514c69746520666f726d6174203300', 'a SQLite database'],
  ['89504e470d0a1a0a', 'a PNG image'],
  ['ffd8ff', 'a JPEG image'],
  ['474946383', 'a GIF image'],
];

/** How texts of other kinds begin, blanks aside. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^(\{\s*"|\[\s*\{\s*")/, 'JSON'],
  [/^<\?xml/i, 'XML'],
  [/^<(!doctype )?html/i, 'a web page (HTML): perhaps the page that asks to sign in'],
  [/^\{\\rtf/, 'a text of a word processor (RTF)'],
];

/** How many of a file's first bytes tell its kind. */
export const KIND_BYTES = 64;

/** What a file is that can't be CSV, by its first bytes, e.g. `a PDF`; undefined where they don't say so. */
export function otherKind(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head.subarray(0, KIND_BYTES));
  const hex = bytes.toString('hex');
  const known = SIGNATURES.find(([signature]) => hex.startsWith(signature));
  if (known !== undefined) return known[1];
  const text = bytes
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  return TEXTS.find(([form]) => form.test(text))?.[1];
}

/** Why a file of another kind is not read, in a sentence's second half. */
export const notCsv = (kind: string): string => `it is ${kind}, and no CSV`;
