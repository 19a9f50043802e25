import { DEFAULT_LIMITS } from '../contract/read-settings.ts';
import { byteOrderMark } from '../csv/decode.ts';
import { openText, textStart } from '../csv/text.ts';
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
  readonly packing: 'none' | 'gzip' | 'UTF-16';
  /** Whether text is left that was not unpacked. */
  readonly isCut: boolean;
  read(range: Stretch): AsyncIterable<Uint8Array>;
}

/**
 * Opens a file's text. What is packed is unpacked into scratch space, at most `limitBytes` of it. Throws DataError
 * `UNREADABLE` where the packing is broken, or the text is UTF-16 without the mark that Assay needs to know it.
 */
export async function openTextFile(
  file: SourceFile,
  { scratch, limitBytes, index }: { scratch: Scratch; limitBytes: number; index: number },
): Promise<TextFile> {
  const head = await headOf(file, 64);
  const start = textStart(head);
  if (start !== undefined) {
    refuseBareUtf16(file, head);
    const text = { start, end: file.sizeBytes };
    return { ...file, read: (range) => file.read(range), text, packing: 'none', isCut: false };
  }
  const opened = await openText(file.read(), {
    scratch,
    name: `source-${index}`,
    maxUnpackedBytes: DEFAULT_LIMITS.maxUnpackedBytes,
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
  const packing = byteOrderMark(head) === undefined ? 'gzip' : 'UTF-16';
  return {
    name: file.name,
    sizeBytes: file.sizeBytes,
    text: { start: 0, end },
    packing,
    isCut,
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

/** Every second byte of Western text in UTF-16 is NUL. */
function refuseBareUtf16(file: SourceFile, head: Uint8Array): void {
  const nuls = [0, 1].map((parity) => head.filter((byte, at) => at % 2 === parity && byte === 0).length);
  const half = Math.floor(head.length / 2);
  if (half < 4 || !nuls.some((count, n) => count > half * 0.8 && nuls[1 - n] === 0)) return;
  throw new DataError(
    'UNREADABLE',
    `${file.name} looks like UTF-16 without a byte order mark, which Assay can't tell apart from other bytes: write it with a mark, or as UTF-8.`,
    { context: { file: file.name } },
  );
}
