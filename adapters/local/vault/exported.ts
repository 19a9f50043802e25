import { Buffer } from 'node:buffer';

/** Begins an exported vault: `AVEX`, the format. Behind it come files of the vault, each with its name; the book is the last. */
export const EXPORT_HEAD = Buffer.from('AVEX\x01', 'latin1');

/** The name of what holds the key of all the others; it is sealed under the receiver's. */
export const KEY_NAME = 'export';

/** Files in an export know no generations of keys. */
export const SEALED_BY_KEY = { generation: 0 } as const;

/** A named file of the vault in an export: length of the name (1), name, length (4), bytes. */
export function framed(name: string, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(1 + name.length + 4);
  head.writeUInt8(name.length);
  head.write(name, 1, 'latin1');
  head.writeUInt32BE(bytes.length, 1 + name.length);
  return Buffer.concat([head, bytes]);
}

/** The files in an export, in their order; undefined where the bytes are none, or don't come to their end. */
export function unframed(bytes: Buffer): (readonly [name: string, bytes: Buffer])[] | undefined {
  if (!bytes.subarray(0, EXPORT_HEAD.length).equals(EXPORT_HEAD)) return undefined;
  const found: [string, Buffer][] = [];
  for (let at = EXPORT_HEAD.length; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    if (nameEnd + 4 > bytes.length) return undefined;
    const end = nameEnd + 4 + bytes.readUInt32BE(nameEnd);
    if (end > bytes.length) return undefined;
    found.push([bytes.toString('latin1', at + 1, nameEnd), bytes.subarray(nameEnd + 4, end)]);
    at = end;
  }
  return found.at(-1)?.[0] === 'book' ? found : undefined;
}
