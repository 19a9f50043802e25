import { gunzipSync } from 'node:zlib';
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import { Decompress } from 'fzstd';
import { DataError, messageOf } from '../../etl/errors.ts';

/** How a batch is compressed (the bits of its attributes), and how many bytes it may unpack to. */
export interface Compressed {
  readonly compression: number;
  readonly maxBytes: number;
}

const NONE = 0;
const GZIP = 1;
const SNAPPY = 2;
const ZSTD = 4;

/** A batch's records, unpacked. zstd is read by fzstd, since Node 20 has none. Throws DataError where that fails or gives too much. */
export function decompress(bytes: Buffer, { compression, maxBytes }: Compressed): Buffer {
  if (compression === NONE) return bytes;
  try {
    const unpacked = unpack(bytes, { compression, maxBytes });
    if (unpacked.length <= maxBytes) return unpacked;
  } catch (error) {
    if (!isTooLarge(error))
      throw new DataError('KAFKA_COMPRESSION', `A record batch can't be unpacked: ${messageOf(error)}`);
  }
  throw new DataError(
    'KAFKA_BATCH_TOO_LARGE',
    `A record batch of ${bytes.length} bytes unpacks to more than ${maxBytes}.`,
  );
}

function unpack(bytes: Buffer, { compression, maxBytes }: Compressed): Buffer {
  if (compression === GZIP) return gunzipSync(bytes, { maxOutputLength: maxBytes });
  if (compression === ZSTD) return unzstd(bytes, maxBytes);
  if (compression === SNAPPY && bytes.subarray(0, XERIAL.length).equals(XERIAL)) return unsnappy(bytes);
  const algorithm =
    compressionsAlgorithmsByBitmask[compression as keyof typeof compressionsAlgorithmsByBitmask];
  if (algorithm === undefined) throw new Error(`its compression ${compression} is unknown`);
  return algorithm.decompressSync(bytes);
}

/** How snappy-java begins what it frames, as Kafka's own clients do; versions follow. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEAD_BYTES = 16;

/** Blocks of snappy-java, each behind its length: the library reads a block without. */
function unsnappy(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEAD_BYTES; at < bytes.length; ) {
    const end = at + 4 + bytes.readInt32BE(at);
    blocks.push(unpack(bytes.subarray(at + 4, end), { compression: SNAPPY, maxBytes: 0 }));
    at = end;
  }
  return Buffer.concat(blocks);
}

function unzstd(bytes: Buffer, maxBytes: number): Buffer {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((chunk) => {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError('too large');
    chunks.push(chunk);
  });
  stream.push(bytes, true);
  return Buffer.concat(chunks);
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof RangeError || (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
