import { Buffer } from 'node:buffer';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { bytesOf, type RandomAccess } from '../../archives/random-access.ts';
import { unsnappy } from './snappy.ts';
import { readThrift, type ThriftStruct, type ThriftValue } from './thrift.ts';

/** Numbers of fields in Parquet's metadata (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift). */
const FILE = { rowGroups: 4 } as const;
const ROW_GROUP = { columns: 1 } as const;
const CHUNK = { metadata: 3 } as const;
const COLUMN = { codec: 4, packedBytes: 7, dataOffset: 9, dictionaryOffset: 11 } as const;
const PAGE = { unpackedBytes: 2, packedBytes: 3, data: 5, data2: 8 } as const;
const DATA_1 = { encoding: 2 } as const;
const DATA_2 = { encoding: 4, definitionBytes: 5, repetitionBytes: 6, isPacked: 7 } as const;
/** Texts of this encoding are not whole in a page. */
const DELTA_BYTE_ARRAY = 7;

const CODECS: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>> = {
  0: (bytes) => bytes,
  1: unsnappy,
  2: (bytes) => gunzipSync(bytes),
  4: (bytes) => brotliDecompressSync(bytes),
  6: (bytes) => decompress(bytes),
};

/**
 * The unpacked bytes of every page of a Parquet file, dictionaries among them, whether a row refers to them or not. Throws
 * RangeError where a page can't be unpacked, or its texts don't stand in it as they are.
 */
export async function* parquetPages(file: RandomAccess): AsyncGenerator<Uint8Array> {
  for (const chunk of await columnChunks(file)) {
    const bytes = await bytesOf(file, { start: chunk.start, end: chunk.end });
    for (let at = 0; at < bytes.length; ) {
      const { struct, end } = readThrift(bytes, at);
      at = end + numberAt(struct, PAGE.packedBytes);
      yield pageBytes(struct, bytes.subarray(end, at), chunk.codec);
      // So that nothing is found across two pages.
      yield Buffer.alloc(1);
    }
  }
}

interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly codec: number;
}

const FOOT_BYTES = 8;

async function columnChunks(file: RandomAccess): Promise<readonly Chunk[]> {
  const { sizeBytes } = file;
  const foot = await bytesOf(file, { start: sizeBytes - FOOT_BYTES, end: sizeBytes });
  if (foot.toString('latin1', 4) !== 'PAR1') throw new RangeError('it is cut off');
  const end = sizeBytes - FOOT_BYTES;
  const footer = await bytesOf(file, { start: end - foot.readUInt32LE(0), end });
  const { struct } = readThrift(footer);
  return listAt(struct, FILE.rowGroups)
    .flatMap((group) => listAt(structOf(group), ROW_GROUP.columns))
    .map((column) => {
      const meta = structOf(structOf(column).get(CHUNK.metadata));
      const offsets = [COLUMN.dataOffset, COLUMN.dictionaryOffset].map((field) =>
        Number(meta.get(field) ?? 0),
      );
      // Some writers say 0 where there is no dictionary.
      const start = Math.min(...offsets.filter((offset) => offset > 0));
      return { start, end: start + numberAt(meta, COLUMN.packedBytes), codec: numberAt(meta, COLUMN.codec) };
    });
}

function pageBytes(page: ThriftStruct, packed: Uint8Array, codec: number): Uint8Array {
  const second = page.get(PAGE.data2);
  const encoding = second === undefined ? dataEncoding(page) : numberAt(structOf(second), DATA_2.encoding);
  if (encoding === DELTA_BYTE_ARRAY) throw new RangeError('its texts are written as differences');
  const unpack = CODECS[codec];
  if (unpack === undefined) throw new RangeError(`its pages are packed in a way that is not read (${codec})`);
  if (second === undefined) return unpack(packed);
  const { levels, isPacked } = secondLevels(structOf(second));
  const rest = packed.subarray(levels);
  return isPacked && rest.length > 0 ? unpack(rest) : rest;
}

function dataEncoding(page: ThriftStruct): number | undefined {
  const data = page.get(PAGE.data);
  return data === undefined ? undefined : numberAt(structOf(data), DATA_1.encoding);
}

/** Levels stand before the values, and are never packed. */
const secondLevels = (data: ThriftStruct): { levels: number; isPacked: boolean } => ({
  levels: numberAt(data, DATA_2.definitionBytes) + numberAt(data, DATA_2.repetitionBytes),
  isPacked: data.get(DATA_2.isPacked) !== false,
});

function structOf(value: ThriftValue | undefined): ThriftStruct {
  if (value instanceof Map) return value;
  throw new RangeError('its metadata are damaged');
}

function listAt(struct: ThriftStruct, field: number): readonly ThriftValue[] {
  const value = struct.get(field);
  if (Array.isArray(value)) return value;
  throw new RangeError('its metadata are damaged');
}

function numberAt(struct: ThriftStruct, field: number): number {
  const value = struct.get(field);
  if (typeof value === 'number') return value;
  throw new RangeError('its metadata are damaged');
}
