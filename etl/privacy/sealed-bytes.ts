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
export function openBytes(key: Uint8Array, name: string, sealed: Uint8Array): Buffer | undefined {
  if (generationOf(sealed) === undefined) return undefined;
  const part = (from: number, to?: number): Uint8Array => sealed.subarray(from, to);
  const cipher = createDecipheriv(
    'aes-256-gcm',
    keyFor(key, name),
    part(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES),
  );
  cipher.setAAD(part(0, HEAD_BYTES)).setAuthTag(part(sealed.length - TAG_BYTES));
  const opened = cipher.update(part(HEAD_BYTES + NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    // It holds nothing back: GCM has no blocks to fill.
    cipher.final();
    return opened;
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
