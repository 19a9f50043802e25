import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createDeflateRaw } from 'node:zlib';
import { ConfigError } from '../../etl/errors.ts';

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

/** Past this a zip needs other fields, which not all readers know. */
const LIMIT = 0xffff_ffff;

interface Entry {
  readonly name: Buffer;
  readonly at: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

/** A zip file (PKWARE's APPNOTE 6.3) whose entries are written one after the other as their text comes, in little memory. */
export class ZipWriter {
  readonly #file: FileHandle;
  readonly #entries: Entry[] = [];
  #end = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Adds an entry. Throws ConfigError `TOO_LARGE` where it, or the file, passes 4 GiB. */
  async add(name: string, texts: Iterable<string> | AsyncIterable<string>): Promise<void> {
    const entry = { name: Buffer.from(name), at: this.#end, crc: 0, packed: 0, size: 0 };
    // What its header says is known only when the text is packed: it is written then, in the place kept for it.
    this.#end += headerOf(entry).length;
    const read = async function* (): AsyncGenerator<Buffer> {
      for await (const text of texts) {
        const bytes = Buffer.from(text);
        entry.crc = crcOf(bytes, entry.crc);
        entry.size += bytes.length;
        yield bytes;
      }
    };
    await pipeline(read, createDeflateRaw(), async (packed: AsyncIterable<Buffer>) => {
      for await (const bytes of packed) {
        entry.packed += bytes.length;
        await this.#append(bytes);
      }
    });
    if (entry.size > LIMIT || this.#end > LIMIT)
      throw new ConfigError('TOO_LARGE', 'The file would pass 4 GiB: choose csv, jsonl or parquet.');
    await this.#file.write(headerOf(entry), 0, undefined, entry.at);
    this.#entries.push(entry);
  }

  /** Writes the directory; without it the file is none. */
  async close(): Promise<void> {
    const at = this.#end;
    for (const entry of this.#entries) await this.#append(directoryOf(entry));
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(this.#entries.length, 8);
    end.writeUInt16LE(this.#entries.length, 10);
    end.writeUInt32LE(this.#end - at, 12);
    end.writeUInt32LE(at, 16);
    await this.#append(end);
  }

  async #append(bytes: Buffer): Promise<void> {
    await this.#file.write(bytes, 0, bytes.length, this.#end);
    this.#end += bytes.length;
  }
}

/** Version 2.0, names in UTF-8, deflated, on 1 January 1980: the same answer gives the same bytes. */
function commonOf({ name, crc, packed, size }: Entry): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x0800, 2);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt16LE(0x0021, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(packed, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function headerOf(entry: Entry): Buffer {
  return Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), commonOf(entry), entry.name]);
}

function directoryOf(entry: Entry): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(entry.at, 10);
  return Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), commonOf(entry), rest, entry.name]);
}
