import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { unsnappy } from './snappy.ts';

const CODECS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  null: (bytes) => bytes,
  deflate: (bytes) => inflateRawSync(bytes),
  // A checksum of four bytes stands behind it.
  snappy: (bytes) => unsnappy(bytes.subarray(0, -4)),
  zstandard: (bytes) => decompress(bytes),
};
const SYNC_BYTES = 16;

/** The unpacked blocks of an Avro object container file (https://avro.apache.org/docs/1.12.0/specification/#object-container-files). Throws RangeError where it can't be unpacked. */
export function* avroBlocks(bytes: Buffer): Generator<Uint8Array> {
  const header = headerOf(bytes);
  const unpack = CODECS[header.codec];
  if (unpack === undefined)
    throw new RangeError(`its blocks are packed in a way that is not read (${header.codec})`);
  for (let at = header.end; at < bytes.length; ) {
    const count = longAt(bytes, at);
    const size = longAt(bytes, count.end);
    const end = size.end + size.value;
    if (size.value < 0 || end + SYNC_BYTES > bytes.length) throw new RangeError('it ends too early');
    yield unpack(bytes.subarray(size.end, end));
    yield Buffer.alloc(1);
    at = end + SYNC_BYTES;
  }
}

/** The codec that the header names, and where the blocks begin. */
function headerOf(bytes: Buffer): { readonly codec: string; readonly end: number } {
  let [at, codec] = [4, 'null'];
  for (;;) {
    const count = longAt(bytes, at);
    at = count.end;
    if (count.value === 0) return { codec, end: at + SYNC_BYTES };
    // A negative count has the block's size behind it.
    if (count.value < 0) at = longAt(bytes, at).end;
    for (let n = 0; n < Math.abs(count.value); n++) {
      const [key, value] = [textAt(bytes, at), textAt(bytes, textAt(bytes, at).end)];
      if (key.text === 'avro.codec') codec = value.text;
      at = value.end;
    }
  }
}

function textAt(bytes: Buffer, at: number): { readonly text: string; readonly end: number } {
  const length = longAt(bytes, at);
  const end = length.end + length.value;
  if (length.value < 0 || end > bytes.length) throw new RangeError('its header is damaged');
  return { text: bytes.toString('utf8', length.end, end), end };
}

/** A long as Avro writes it: zigzag, seven bits a byte. */
function longAt(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let [at, factor] = [start, 1]; ; at++, factor *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError('it ends too early');
    value += (byte & 127) * factor;
    if (byte < 128) return { value: value % 2 === 0 ? value / 2 : -(value + 1) / 2, end: at + 1 };
  }
}
