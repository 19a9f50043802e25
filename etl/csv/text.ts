import type { Encoding } from '../contract/csv-dialect.ts';
import { messageOf } from '../errors.ts';
import type { ByteRange, Scratch, ScratchFile } from '../ports.ts';
import { type SheetFormat, type SheetText, sheetText } from '../xlsx/sheet-text.ts';
import { byteOrderMark } from './decode.ts';
import { KIND_BYTES, notOfFormat, otherKind } from './file-kind.ts';
import { gunzip } from './gunzip.ts';
import { UTF16_HEAD_BYTES, type Utf16, unmarkedUtf16, utf16ToUtf8 } from './utf-16.ts';
import { isZstd, unzstd } from './zstd.ts';

/** A file's text, ready for the record scanner, or why it can't be had. */
export type TextResult =
  | {
      readonly kind: 'text';
      readonly bytes: AsyncIterable<Uint8Array>;
      /** Whether a mark says that it is UTF-8, or it was made so. */
      readonly isMarkedUtf8: boolean;
      /** What it was in, where that is UTF-16 without a mark. */
      readonly unmarked?: Utf16;
      /** Set where it was made of a sheet: each line is a row, in the signs that were asked for. */
      readonly sheet?: Omit<SheetText, 'bytes'>;
      /** How it was packed, the outermost packing where there are several. */
      readonly packing?: Packing;
    }
  | { readonly kind: 'unreadable'; readonly why: string };

/** What unpacking needs. */
export interface UnpackOptions {
  readonly scratch: Scratch;
  /** Of its scratch files. */
  readonly name: string;
  /** A file that unpacks to more isn't read: a few KB of gzip can be made to fill any disk. */
  readonly maxUnpackedBytes: number;
  /** Those of the contract: UTF-16 without a mark is only looked for where it is listed. */
  readonly encodings: readonly Encoding[];
  /** How a sheet of a workbook is to be written. */
  readonly sheet?: Omit<SheetFormat, 'maxUnpackedBytes'>;
  /** Set where the text is JSON Lines, UTF-8 and never a sheet's, or may be. */
  readonly format?: 'jsonl' | 'any';
  /** What was taken off already. */
  readonly packings?: readonly Packing[];
}

/**
 * Takes off what may lie around a CSV text: gzip, zstd, a byte order mark, UTF-16. What can fail half way
 * (gzip, zstd, UTF-16) is unpacked to scratch space first, so that a file is either read whole or not at all.
 */
export async function openText(
  stream: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<TextResult> {
  const { head, whole } = await peek(stream, Math.max(KIND_BYTES, headBytes(options.encodings)));
  const packing = packingOf(head);
  if (packing !== undefined) return await openPacked(packing, whole, options);
  const { format } = options;
  if (isZip(head) && format !== 'jsonl') return await openSheet(whole, options);
  const other = otherKind(head, format);
  if (other !== undefined) return { kind: 'unreadable', why: notOfFormat(other, format) };
  const mark = byteOrderMark(head);
  if (format === 'jsonl' && mark !== undefined && mark.encoding !== 'utf-8')
    return { kind: 'unreadable', why: 'it is marked as UTF-16, and JSON Lines are UTF-8' };
  const body = mark === undefined ? whole : skip(whole, mark.skip);
  if (mark?.encoding === 'utf-8') return { kind: 'text', bytes: body, isMarkedUtf8: true };
  const utf16 = mark?.encoding ?? unmarkedUtf16(head, options.encodings);
  if (utf16 === undefined) return { kind: 'text', bytes: body, isMarkedUtf8: false };
  const damage =
    mark === undefined
      ? `it is read as ${utf16}, which the contract lists, but isn't`
      : "it is marked as UTF-16 but isn't";
  const text = await viaScratch(utf16ToUtf8(body, utf16), 'utf8', { ...options, damage });
  return text.kind === 'text' && mark === undefined ? { ...text, unmarked: utf16 } : text;
}

/** How a file is packed. */
export type Packing = 'gzip' | 'zstd';

/** How a file is packed, by its first bytes; undefined where it isn't. */
function packingOf(head: Uint8Array): Packing | undefined {
  if (isGzip(head)) return 'gzip';
  return isZstd(head) ? 'zstd' : undefined;
}

/** Limits nesting: servers may pack a packed file again, but some bytes unpack to themselves forever. */
const MOST_PACKINGS = 2;

async function openPacked(
  packing: Packing,
  whole: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<TextResult> {
  const { name, packings = [] } = options;
  if (packings.length >= MOST_PACKINGS)
    return { kind: 'unreadable', why: `it is packed more than ${MOST_PACKINGS} times: unpack it` };
  const unpacked = await viaScratch((packing === 'gzip' ? gunzip : unzstd)(whole), 'unpacked', {
    ...options,
    damage: `its ${packing} data is damaged`,
  });
  if (unpacked.kind !== 'text') return unpacked;
  const inner = { ...options, name: `${name}.text`, packings: [...packings, packing] };
  const text = await openText(unpacked.bytes, inner);
  return text.kind === 'text' ? { ...text, packing } : text;
}

const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;

const COMMAS = { delimiter: ',', quote: '"', escape: '"', decimal: '.' } as const;

/** A workbook can only be read from its end, so it is copied first. */
async function openSheet(whole: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<TextResult> {
  const { scratch, name, maxUnpackedBytes, sheet = COMMAS } = options;
  let sizeBytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of whole) {
      sizeBytes += piece.length;
      yield piece;
    }
  };
  const copy = await copyToScratch(counted(), 'xlsx', { ...options, damage: "it can't be read" });
  if (copy.kind === 'unreadable') return copy;
  const file = { sizeBytes, read: (range: Required<ByteRange>) => scratch.read(copy.path, range) };
  try {
    const { bytes, ...told } = await sheetText(file, { ...sheet, maxUnpackedBytes }, { scratch, name });
    return { kind: 'text', bytes, isMarkedUtf8: true, sheet: told };
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) };
  }
}

/** The bytes of a stream that may fail half way, once they have all come; or why they don't. */
export async function unpackFirst(
  stream: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<AsyncIterable<Uint8Array> | Extract<TextResult, { kind: 'unreadable' }>> {
  const whole = await viaScratch(stream, 'member', { ...options, damage: "it can't be unpacked" });
  return whole.kind === 'text' ? whole.bytes : whole;
}

/** How many of a file's first bytes tell what lies around its text. */
export function headBytes(encodings: readonly Encoding[]): number {
  return encodings.some((name) => name.startsWith('utf-16')) ? UTF16_HEAD_BYTES : MARK_BYTES;
}

/** The longest mark is zstd's; that of UTF-8 has three bytes, gzip's two. */
const MARK_BYTES = 4;

/**
 * Where a file's text begins, by its first bytes (as many as `headBytes` says); undefined where the file's bytes are not
 * those of its text, so that it can only be read from its beginning on: gzip, zstd and UTF-16.
 */
export function textStart(head: Uint8Array, encodings: readonly Encoding[]): number | undefined {
  if (packingOf(head) !== undefined || isZip(head)) return undefined;
  const mark = byteOrderMark(head);
  if (mark === undefined) return unmarkedUtf16(head, encodings) === undefined ? 0 : undefined;
  return mark.encoding === 'utf-8' ? mark.skip : undefined;
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** The first bytes of a stream, and the whole of it again. */
async function peek(
  stream: AsyncIterable<Uint8Array>,
  wanted: number,
): Promise<{ head: Uint8Array; whole: AsyncIterable<Uint8Array> }> {
  const pieces = stream[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  while (length < wanted) {
    const next = await pieces.next();
    if (next.done === true) break;
    // A copy where more must come: the piece is good only until the next is asked for.
    held.push(length + next.value.length < wanted ? Uint8Array.from(next.value) : next.value);
    length += next.value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* held;
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
    } finally {
      await pieces.return?.();
    }
  }
  return { head: Buffer.concat(held).subarray(0, wanted), whole: whole() };
}

async function* skip(stream: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of stream) {
    const taken = Math.min(left, piece.length);
    left -= taken;
    if (piece.length > taken) yield piece.subarray(taken);
  }
}

/** Unpacks a stream to a scratch file; `damage` says what it means that it can't be read to its end. */
async function viaScratch(
  stream: AsyncIterable<Uint8Array>,
  suffix: string,
  options: UnpackOptions & { readonly damage: string },
): Promise<TextResult> {
  const copy = await copyToScratch(stream, suffix, options);
  if (copy.kind === 'unreadable') return copy;
  return { kind: 'text', bytes: options.scratch.read(copy.path), isMarkedUtf8: true };
}

async function copyToScratch(
  stream: AsyncIterable<Uint8Array>,
  suffix: string,
  { scratch, name, maxUnpackedBytes, damage }: UnpackOptions & { readonly damage: string },
): Promise<{ readonly kind: 'copy'; readonly path: string } | Extract<TextResult, { kind: 'unreadable' }>> {
  const file: ScratchFile = await scratch.create(`${name}.${suffix}`);
  const pieces = stream[Symbol.asyncIterator]();
  try {
    for (let bytes = 0; ; ) {
      const next = await pieces
        .next()
        .catch((error: unknown) => ({ done: true as const, value: `${damage}: ${messageOf(error)}` }));
      if (next.done === true) {
        return typeof next.value === 'string'
          ? { kind: 'unreadable', why: next.value }
          : { kind: 'copy', path: file.path };
      }
      bytes += next.value.length;
      if (bytes > maxUnpackedBytes) {
        const why = `it unpacks to more than ${maxUnpackedBytes} bytes, the limit that the contract sets (maxUnpackedBytes)`;
        return { kind: 'unreadable', why };
      }
      await file.write(next.value);
    }
  } finally {
    await pieces.return?.();
    await file.close();
  }
}
