import { Buffer } from 'node:buffer';
import { createDeflateRaw } from 'node:zlib';
import { ConfigError } from '../errors.ts';

/** A file of a zip: its name, and its text. */
export interface ZipMember {
  readonly name: string;
  readonly texts: Iterable<string> | AsyncIterable<string>;
}

/**
 * A zip file (PKWARE's APPNOTE 6.3) whose members are packed one after the other as their text comes, in little memory and
 * without going back: sizes and sums stand behind each member (4.3.9). Throws ConfigError `TOO_LARGE` where a member, or the
 * file, passes 4 GiB.
 */
export async function* zipOf(
  members: AsyncIterable<ZipMember> | Iterable<ZipMember>,
): AsyncGenerator<Buffer> {
  const entries: Entry[] = [];
  let end = 0;
  for await (const { name, texts } of members) {
    const entry: Entry = { name: Buffer.from(name), at: end, crc: 0, packed: 0, size: 0 };
    for await (const bytes of packed(entry, texts)) {
      end += bytes.length;
      yield bytes;
    }
    if (entry.size > LIMIT || end > LIMIT)
      throw new ConfigError('TOO_LARGE', 'The file would pass 4 GiB: choose csv, jsonl or parquet.');
    entries.push(entry);
  }
  yield directoryOf(entries, end);
}

/** Past this a zip needs other fields, which not all readers know. */
const LIMIT = 0xffff_ffff;

interface Entry {
  readonly name: Buffer;
  readonly at: number;
  crc: number;
  packed: number;
  size: number;
}

/** A member's bytes in the archive. Fills in the entry's checksum and sizes while it packs. */
async function* packed(entry: Entry, texts: ZipMember['texts']): AsyncGenerator<Buffer> {
  yield Buffer.concat([
    Buffer.from([0x50, 0x4b, 3, 4]),
    commonOf({ name: entry.name, crc: 0, packed: 0, size: 0 }),
    entry.name,
  ]);
  const deflate = createDeflateRaw();
  const feed = async (): Promise<void> => {
    for await (const text of texts) {
      const bytes = Buffer.from(text);
      entry.crc = crcOf(bytes, entry.crc);
      entry.size += bytes.length;
      if (!deflate.write(bytes)) await new Promise((resolve) => deflate.once('drain', resolve));
    }
    deflate.end();
  };
  const fed = feed().catch((error: unknown) => {
    deflate.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  for await (const bytes of deflate as AsyncIterable<Buffer>) {
    entry.packed += bytes.length;
    yield bytes;
  }
  await fed;
  const behind = Buffer.alloc(16);
  behind.writeUInt32LE(0x08074b50, 0);
  behind.writeUInt32LE(entry.crc, 4);
  behind.writeUInt32LE(entry.packed, 8);
  behind.writeUInt32LE(entry.size, 12);
  yield behind;
}

/** Version 2.0, names in UTF-8, sizes behind, deflated, on 1 January 1980: the same answer gives the same bytes. */
function commonOf({ name, crc, packed, size }: Omit<Entry, 'at'>): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x0808, 2);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt16LE(0x0021, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(packed, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

/** The central directory and its end record. */
function directoryOf(entries: readonly Entry[], at: number): Buffer {
  const lines = Buffer.concat(entries.map(lineOf));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(lines.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([lines, end]);
}

function lineOf(entry: Entry): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(entry.at, 10);
  return Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), commonOf(entry), rest, entry.name]);
}

/** CRC-32 of every byte (ISO 3309), as zip wants it; Node 20.11 has none of its own. */
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crcOf(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (const byte of bytes) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
