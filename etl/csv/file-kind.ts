import { Buffer } from 'node:buffer';
import { isArchive, isWorkbook } from '../naming/bronze.ts';

/** A file that is one is read only under a name that says so. */
const ZIP = 'a zip archive (under a name that ends in .zip its files are read, in .xlsx a sheet)';

/** First bytes that a kind of file has, in hex, and what it is in words. */
const SIGNATURES: readonly (readonly [hex: string, words: string])[] = [
  ['50415231', 'a Parquet file'],
  ['4f626a01', 'an Avro file'],
  ['4f5243', 'an ORC file'],
  ['255044462d', 'a PDF'],
  ['504b0304', ZIP],
  ['504b0506', 'an empty zip archive'],
  ['d0cf11e0a1b11ae1', 'an old office document (XLS)'],
  ['425a68', 'packed with bzip2 (unpack it by bunzip2, or pack it by gzip or zstd)'],
  ['fd377a585a00', 'packed with xz (unpack it by unxz, or pack it by gzip or zstd)'],
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

const JSON_TEXT = 'JSON';

/** How texts of other kinds begin, blanks aside. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^(\{\s*"|\[\s*\{\s*")/, JSON_TEXT],
  [/^<\?xml/i, 'XML'],
  [/^<(!doctype )?html/i, 'a web page (HTML): perhaps the page that asks to sign in'],
  [/^\{\\rtf/, 'a text of a word processor (RTF)'],
];

/**
 * A file's kind, by name and first bytes, if nothing is read from it. Files named as archives or workbooks are opened
 * later, also where their dataset's files are JSON Lines.
 */
export function refusedKind(name: string, head: Uint8Array, format?: FileFormat): string | undefined {
  const kind = otherKind(head, format);
  return kind === ZIP && (isArchive(name) || isWorkbook(name)) ? undefined : kind;
}

/** How many of a file's first bytes tell its kind. */
export const KIND_BYTES = 64;

/**
 * A kind that can't be CSV, or JSON Lines where that is the format, by a file's first bytes, e.g. `a PDF`; undefined where
 * they don't tell.
 */
export function otherKind(head: Uint8Array, format?: FileFormat): string | undefined {
  const bytes = Buffer.from(head.subarray(0, KIND_BYTES));
  const hex = bytes.toString('hex');
  const known = SIGNATURES.find(([signature]) => hex.startsWith(signature));
  if (known !== undefined) return known[1];
  const text = bytes
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  const found = TEXTS.find(([form]) => form.test(text))?.[1];
  return found === JSON_TEXT && format !== undefined ? undefined : found;
}

/** Why a file of another kind is not read, in a sentence's second half. */
export const notOfFormat = (kind: string, format: FileFormat): string =>
  format === 'jsonl'
    ? `it is ${kind}, and no JSON Lines`
    : `it is ${kind}, and no CSV${kind === JSON_TEXT ? JSON_ADVICE : ''}`;

/** What a contract says its files are, undefined for CSV; `any` where there is no contract. */
type FileFormat = 'jsonl' | 'any' | undefined;

const JSON_ADVICE = ' (a contract says assay.format: jsonl where each line is a JSON object)';
