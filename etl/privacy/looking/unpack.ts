import { Buffer } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { memberBytes } from '../../archives/member-bytes.ts';
import { bytesOf, type RandomAccess } from '../../archives/random-access.ts';
import { readZip } from '../../archives/zip-entries.ts';
import { otherKind } from '../../csv/file-kind.ts';
import { isZstd, unzstd } from '../../csv/zstd.ts';
import { avroBlocks } from './avro-blocks.ts';
import { parquetPages } from './parquet-pages.ts';

/** What is packed in a file. */
export interface Unpacked {
  /** What it is called there; its kind where it has no name. */
  readonly name: string;
  bytes(): AsyncIterable<Uint8Array>;
}

/** What a file holds besides its own bytes, or why that can't be looked at. */
export type Contents =
  | { readonly kind: 'unpacked'; readonly parts: readonly Unpacked[] }
  | { readonly kind: 'unreadable'; readonly why: string };

const NOTHING: Contents = { kind: 'unpacked', parts: [] };
const HEAD_BYTES = 64;

/** Kinds of files that hold packed bytes which nothing here unpacks. */
const CLOSED = /bzip2|packed with xz|7z|rar archive|ORC|PDF|XLS\)/;

/** What is packed in a file, by its first bytes; nothing in one that isn't packed. Each part is unpacked as it is read. */
export async function contentsOf(file: RandomAccess): Promise<Contents> {
  if (file.sizeBytes < 4) return NOTHING;
  const head = await bytesOf(file, { start: 0, end: Math.min(HEAD_BYTES, file.sizeBytes) });
  const all = (): AsyncIterable<Uint8Array> => file.read({ start: 0, end: file.sizeBytes });
  const one = (name: string, bytes: Unpacked['bytes']): Contents => ({
    kind: 'unpacked',
    parts: [{ name, bytes }],
  });
  if (head.readUInt16BE(0) === 0x1f8b) return one('gzip', () => gunzipped(all()));
  if (isZstd(head)) return one('zstd', () => unzstd(all()));
  if (head.toString('latin1', 0, 4) === 'PAR1') return one('pages', () => parquetPages(file));
  if (head.toString('latin1', 0, 4) === 'Obj\x01') return one('blocks', () => avro(file));
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return await zipContents(file);
  const kind = otherKind(head);
  return kind !== undefined && CLOSED.test(kind) ? { kind: 'unreadable', why: `it is ${kind}` } : NOTHING;
}

async function zipContents(file: RandomAccess): Promise<Contents> {
  const zip = await readZip(file);
  if (zip.kind === 'refused') return { kind: 'unreadable', why: zip.why };
  const parts = zip.entries.map(({ name, method, isEncrypted, start, end, sizeBytes, crc32 }): Unpacked => {
    if (isEncrypted) return { name, bytes: () => failing('it is encrypted') };
    if (method !== 0 && method !== 8)
      return { name, bytes: () => failing(`it is packed by a method that is not read (${method})`) };
    const member = { archive: name, start, end, method, sizeBytes, crc32 } as const;
    return { name, bytes: () => memberBytes(member, (range) => file.read(range)) };
  });
  return { kind: 'unpacked', parts };
}

async function* failing(why: string): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(0);
  throw new RangeError(why);
}

async function* avro(file: RandomAccess): AsyncGenerator<Uint8Array> {
  yield* avroBlocks(await bytesOf(file, { start: 0, end: file.sizeBytes }));
}

async function* gunzipped(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 1 << 18 });
  unpacked.on('error', () => undefined);
  pipeline(Readable.from(copies(stream)), unpacked, () => undefined);
  try {
    yield* unpacked as AsyncIterable<Uint8Array>;
  } finally {
    unpacked.destroy();
  }
}

/** A piece is good only until the next is asked for, and a stream may hold several. */
async function* copies(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) yield Uint8Array.from(piece);
}
