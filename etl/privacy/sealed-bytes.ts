import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Begins every file of a vault: `AVLT`, the format, the generation of the key that sealed it. */
const MAGIC = Buffer.from('AVLT\x01', 'latin1');
const HEAD_BYTES = MAGIC.length + 4;
const [NONCE_BYTES, TAG_BYTES] = [12, 16];

/**
 * Bytes sealed under a key (AES-256-GCM, its key by HKDF-SHA-256 for this name alone), with the key's generation in
 * front. Name and head are authenticated: no file can be put in the place of another.
 */
export const sealBytes = (key: Uint8Array, named: Named, bytes: Uint8Array): Buffer =>
  Buffer.concat([...sealedPieces(key, named, bytes)]);

/** So much is sealed or opened at one time, where it need not be in memory as a whole. */
const PIECE_BYTES = 1024 * 1024;

/** The same piece by piece: the sealed bytes are never all in memory. */
export function* sealedPieces(
  key: Uint8Array,
  { name, generation }: Named,
  bytes: Uint8Array,
): Generator<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(MAGIC);
  head.writeUInt32BE(generation, MAGIC.length);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyFor(key, name), nonce).setAAD(head);
  yield Buffer.concat([head, nonce]);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    yield cipher.update(bytes.subarray(at, at + PIECE_BYTES));
  // It holds nothing back: GCM has no blocks to fill.
  cipher.final();
  yield cipher.getAuthTag();
}

/** What `sealBytes` sealed; undefined where key, name or any byte is another. */
export const openBytes = (key: Uint8Array, name: string, sealed: Uint8Array): Buffer | undefined =>
  openInPlace(key, name, Buffer.from(sealed));

/** The same, written over the sealed bytes, which are of no use afterwards: there are never two copies of it. */
export function openInPlace(key: Uint8Array, name: string, sealed: Buffer): Buffer | undefined {
  if (generationOf(sealed) === undefined) return undefined;
  const [start, end] = [HEAD_BYTES + NONCE_BYTES, sealed.length - TAG_BYTES];
  const nonce = sealed.subarray(HEAD_BYTES, start);
  const cipher = createDecipheriv('aes-256-gcm', keyFor(key, name), nonce);
  cipher.setAAD(sealed.subarray(0, HEAD_BYTES)).setAuthTag(sealed.subarray(end));
  for (let at = start; at < end; at += PIECE_BYTES)
    cipher.update(sealed.subarray(at, Math.min(at + PIECE_BYTES, end))).copy(sealed, at);
  try {
    cipher.final();
    return sealed.subarray(start, end);
  } catch {
    return undefined;
  }
}

/** The generation of the key that sealed the bytes; undefined where they are none of a vault. */
export function generationOf(sealed: Uint8Array): number | undefined {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const isWhole = bytes.length >= HEAD_BYTES + NONCE_BYTES + TAG_BYTES;
  return isWhole && bytes.subarray(0, MAGIC.length).equals(MAGIC)
    ? bytes.readUInt32BE(MAGIC.length)
    : undefined;
}

/** A file's name in the vault, and the key that it is sealed under. */
interface Named {
  readonly name: string;
  readonly generation: number;
}

const keyFor = (key: Uint8Array, name: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `assay vault 1 ${name}`, 32));
