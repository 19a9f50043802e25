import { Buffer } from 'node:buffer';
import { type Cipher, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ByteRange, Scratch, ScratchFile } from '../ports.ts';

const BLOCK_BYTES = 16;

/**
 * A scratch space whose files are sealed (AES-256-CTR) under a key that only this process has, and only in memory: what it
 * leaves behind when it dies says nothing. Of use to whoever reads files by `read`, not by their paths.
 */
export function secretScratch(scratch: Scratch): Scratch {
  const key = randomBytes(32);
  const nonces = new Map<string, Buffer>();
  return {
    directory: scratch.directory,
    async create(name) {
      const file = await scratch.create(name);
      // Half of the counter is left for counting, so that no two files share a block of it.
      const nonce = Buffer.concat([randomBytes(BLOCK_BYTES / 2), Buffer.alloc(BLOCK_BYTES / 2)]);
      nonces.set(file.path, nonce);
      return sealing(file, createCipheriv('aes-256-ctr', key, nonce));
    },
    read: (path, range) => opened(scratch, { path, range, key, nonce: nonces.get(path) }),
    remove: (path) => scratch.remove(path),
    dispose: () => scratch.dispose(),
  };
}

function sealing(file: ScratchFile, cipher: Cipher): ScratchFile {
  return { path: file.path, write: (bytes) => file.write(cipher.update(bytes)), close: () => file.close() };
}

interface Sealed {
  readonly path: string;
  readonly range: ByteRange | undefined;
  readonly key: Uint8Array;
  readonly nonce: Buffer | undefined;
}

/** The bytes of a file, or of a range, of which the counter begins in its block. */
async function* opened(scratch: Scratch, { path, range, key, nonce }: Sealed): AsyncGenerator<Uint8Array> {
  if (nonce === undefined) throw new RangeError(`${path} was not written here`);
  const start = range?.start ?? 0;
  const counter = Buffer.from(nonce);
  counter.writeBigUInt64BE(BigInt(Math.floor(start / BLOCK_BYTES)), BLOCK_BYTES / 2);
  const cipher = createDecipheriv('aes-256-ctr', key, counter);
  cipher.update(Buffer.alloc(start % BLOCK_BYTES));
  for await (const piece of scratch.read(path, range)) yield cipher.update(piece);
}
