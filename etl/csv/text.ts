import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Encoding } from '../contract/contract.ts';
import { messageOf } from '../errors.ts';
import type { Scratch, ScratchFile } from '../ports.ts';
import { byteOrderMark } from './decode.ts';
import { KIND_BYTES, notCsv, otherKind } from './file-kind.ts';
import { UTF16_HEAD_BYTES, type Utf16, unmarkedUtf16, utf16ToUtf8 } from './utf-16.ts';

/** A file's text, ready for the record scanner, or why it can't be had. */
export type TextResult =
  | {
      readonly kind: 'text';
      readonly bytes: AsyncIterable<Uint8Array>;
      /** Whether a mark says that it is UTF-8, or it was made so. */
      readonly isMarkedUtf8: boolean;
      /** What it was in, where that is UTF-16 without a mark. */
      readonly unmarked?: Utf16;
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
}

/**
 * Takes off what may lie around a CSV text: gzip, a byte order mark, UTF-16. What can fail half way
 * (gzip, UTF-16) is unpacked to scratch space first, so that a file is either read whole or not at all.
 */
export async function openText(
  stream: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<TextResult> {
  const { head, whole } = await peek(stream, Math.max(KIND_BYTES, headBytes(options.encodings)));
  if (isGzip(head)) {
    const unpacked = await viaScratch(gunzip(whole), 'unpacked', {
      ...options,
      damage: 'its gzip data is damaged',
    });
    return unpacked.kind === 'text'
      ? openText(unpacked.bytes, { ...options, name: `${options.name}.text` })
      : unpacked;
  }
  const other = otherKind(head);
  if (other !== undefined) return { kind: 'unreadable', why: notCsv(other) };
  const mark = byteOrderMark(head);
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

/** How many of a file's first bytes tell what lies around its text. */
export function headBytes(encodings: readonly Encoding[]): number {
  return encodings.some((name) => name.startsWith('utf-16')) ? UTF16_HEAD_BYTES : MARK_BYTES;
}

/** The longest mark, of UTF-8; gzip's is shorter. */
const MARK_BYTES = 3;

/**
 * Where a file's text begins, by its first bytes (as many as `headBytes` says); undefined where the file's bytes are not
 * those of its text, so that it can only be read from its beginning on: gzip and UTF-16.
 */
export function textStart(head: Uint8Array, encodings: readonly Encoding[]): number | undefined {
  if (isGzip(head)) return undefined;
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

function gunzip(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  // Whoever reads it sees a failure as a throw. It may come before the first read, when nobody listens yet: without
  // a listener of its own it would then end the process.
  unpacked.on('error', () => undefined);
  return pipeline(Readable.from(copies(stream)), unpacked, () => undefined);
}

/** Pieces that stay good, for those who hold several. */
async function* copies(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) yield Uint8Array.from(piece);
}

/** Unpacks a stream to a scratch file; `damage` says what it means that it can't be read to its end. */
async function viaScratch(
  stream: AsyncIterable<Uint8Array>,
  suffix: string,
  { scratch, name, maxUnpackedBytes, damage }: UnpackOptions & { readonly damage: string },
): Promise<TextResult> {
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
          : { kind: 'text', bytes: scratch.read(file.path), isMarkedUtf8: true };
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
