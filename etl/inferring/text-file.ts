import { DEFAULT_LIMITS } from '../contract/read-settings.ts';
import { headBytes, openText, type Packing, textStart } from '../csv/text.ts';
import type { Utf16 } from '../csv/utf-16.ts';
import { DataError } from '../errors.ts';
import type { Scratch } from '../ports.ts';
import type { Stretch } from './stretches.ts';

/** A file to infer a contract from. */
export interface SourceFile {
  /** As people know it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The bytes in order, or those of a range; a piece is good only until the next is asked for. */
  read(range?: Stretch): AsyncIterable<Uint8Array>;
}

/** A source file's text, unpacked where it was packed, without a byte order mark. */
export interface TextFile {
  readonly name: string;
  /** Of the file as it is. */
  readonly sizeBytes: number;
  /** Where its text lies in what `read` reads. */
  readonly text: Stretch;
  /** What lay around the text. */
  readonly packing: 'none' | Packing | 'UTF-16' | 'XLSX';
  /** What it was in, where that is UTF-16 without a mark: only a contract can say so. */
  readonly unmarked?: Utf16;
  /** Whether text is left that was not unpacked. */
  readonly isCut: boolean;
  /** What to report about the chosen sheet. */
  readonly note?: string;
  read(range: Stretch): AsyncIterable<Uint8Array>;
}

/** What a text without a mark may be in. */
const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be'] as const;

/**
 * Opens a file's text. What is packed is unpacked into scratch space, at most `limitBytes` of it. Throws DataError
 * `UNREADABLE` where the packing is broken.
 */
export async function openTextFile(
  file: SourceFile,
  { scratch, limitBytes, index }: { scratch: Scratch; limitBytes: number; index: number },
): Promise<TextFile> {
  const head = await headOf(file, headBytes(ENCODINGS));
  const start = textStart(head, ENCODINGS);
  if (start !== undefined) {
    const text = { start, end: file.sizeBytes };
    return { ...file, read: (range) => file.read(range), text, packing: 'none', isCut: false };
  }
  const opened = await openText(file.read(), {
    scratch,
    name: `source-${index}`,
    maxUnpackedBytes: DEFAULT_LIMITS.maxUnpackedBytes,
    encodings: ENCODINGS,
    format: 'any',
  });
  if (opened.kind === 'unreadable') {
    throw new DataError('UNREADABLE', `${file.name} can't be read: ${opened.why}.`, {
      context: { file: file.name },
    });
  }
  const copy = await scratch.create(`text-${index}`);
  let end = 0;
  let isCut = false;
  try {
    for await (const piece of opened.bytes) {
      if (end >= limitBytes) {
        isCut = true;
        break;
      }
      await copy.write(piece);
      end += piece.length;
    }
  } finally {
    await copy.close();
  }
  return {
    name: file.name,
    sizeBytes: file.sizeBytes,
    text: { start: 0, end },
    packing: opened.sheet === undefined ? (opened.packing ?? 'UTF-16') : 'XLSX',
    ...(opened.unmarked === undefined ? {} : { unmarked: opened.unmarked }),
    isCut,
    ...(opened.sheet?.note === undefined ? {} : { note: opened.sheet.note }),
    read: (range) => scratch.read(copy.path, range),
  };
}

/** The first bytes of a text. */
export async function headOf(
  file: { readonly read: (range: Stretch) => AsyncIterable<Uint8Array> },
  lengthBytes: number,
  start = 0,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read({ start, end: start + lengthBytes }))
    pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}
