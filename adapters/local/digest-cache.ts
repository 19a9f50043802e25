import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { removeFile } from './durable-file.ts';
import { type Fingerprint, fingerprintOf, type HashedFile, hashFile, sameFingerprint } from './file-bytes.ts';
import { storageError } from './file-errors.ts';
import type { LakeFolder } from './lake-folder.ts';

/** Changes within one tick of a file system's clock look like none; FAT's is the coarsest, 2 s. */
const CLOCK_TICK_MS = 2000;

const ENTRY = z.object({
  fingerprint: z.object({
    sizeBytes: z.string(),
    mtimeNs: z.string(),
    ctimeNs: z.string(),
    inode: z.string(),
  }),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A smaller file is read and hashed as fast as what is remembered of it would be. */
const WORTH_REMEMBERING_BYTES = 64 * 1024;

/**
 * SHA-256 of an object: of a large one remembered from the last time where its file's fingerprint is still the same, and
 * otherwise read anew.
 */
export async function cachedDigest(lake: LakeFolder, key: string): Promise<string> {
  const file = lake.keyPath(key);
  const now = await fingerprintOf(file);
  if (!isWorthRemembering(now)) return (await hashFile(file)).digest;
  const known = await recall(lake, key, now);
  if (known !== undefined) return known;
  const hashed = await hashFile(file);
  if (isSettled(hashed.fingerprint, Date.now())) await remember(lake, key, hashed);
  return hashed.digest;
}

/** Remembers for a key the digest of its source, once its file no longer changes. */
export async function rememberDigest(lake: LakeFolder, key: string, source: HashedFile): Promise<void> {
  if (!isWorthRemembering(source.fingerprint)) return;
  await remember(lake, key, { digest: source.digest, fingerprint: await fingerprintOf(lake.keyPath(key)) });
}

function isWorthRemembering({ sizeBytes }: Fingerprint): boolean {
  return Number(sizeBytes) >= WORTH_REMEMBERING_BYTES;
}

/** Not being able to remember (a full or read-only disk) only costs time later. */
async function remember(lake: LakeFolder, key: string, hashed: HashedFile): Promise<void> {
  const file = lake.digestPath(key);
  try {
    await lake.ensureFolder(path.dirname(file));
    const temp = await lake.writeTemp(Buffer.from(JSON.stringify(hashed)));
    await rename(temp, file).finally(() => removeFile(temp));
  } catch (error) {
    if (storageError(error, '') === error) throw error;
  }
}

/** Whether a file last changed so long ago that any later change will show in its fingerprint. */
function isSettled(fingerprint: Fingerprint, nowMs: number): boolean {
  return nowMs - Number(BigInt(fingerprint.ctimeNs) / 1_000_000n) > CLOCK_TICK_MS;
}

async function recall(lake: LakeFolder, key: string, now: Fingerprint): Promise<string | undefined> {
  const text = await readFile(lake.digestPath(key), 'utf8').catch(() => '');
  const entry = ENTRY.safeParse(parseJson(text)).data;
  return entry !== undefined && sameFingerprint(entry.fingerprint, now) ? entry.digest : undefined;
}

/** What was being written when the power failed parses to nothing, and is read anew. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
