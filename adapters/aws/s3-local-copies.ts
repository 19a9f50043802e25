import { createHash } from 'node:crypto';
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { ConfigError, TransientError } from '../../etl/errors.ts';
import { guarded } from '../local/file-errors.ts';
import { ownedName } from '../local/owner.ts';
import { onObject, type S3Place } from './s3-object-store.ts';
import { readingError, s3Pieces } from './s3-pieces.ts';

/** One ranged request; several of them at once fill the network that a function has. */
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
const OBJECTS_AT_ONCE = 8;

/** Copies of objects on this machine's disk, for DuckDB. */
export interface LocalCopies {
  /**
   * Path of a whole copy of the object as it stands now; a copy that is there already is used where S3 says that the
   * object is still the same. It stays until `forget`. Throws ConfigError `DISK_FULL` where it doesn't fit.
   */
  path(key: string): Promise<string>;
  /** Removes one copy. */
  release(path: string): Promise<void>;
  /** Removes every copy: for between two pieces of work. Paths given out before lead nowhere afterwards. */
  forget(): Promise<void>;
}

interface Version {
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Copies below a folder. */
export function localCopies(place: S3Place, folder: string): LocalCopies {
  const directory = path.join(folder, ownedName('copies'));
  const copies = new Map<string, Promise<string>>();
  const slots = atMost(OBJECTS_AT_ONCE);
  return {
    async path(key) {
      return await slots(async () => {
        const version = await versionOf(place, key);
        const name = `${createHash('sha256').update(`${key}\0${version.etag}`).digest('hex').slice(0, 32)}${extensionOf(key)}`;
        const file = path.join(directory, name);
        const made = copies.get(file) ?? download(place, key, version, file);
        copies.set(file, made);
        try {
          return await made;
        } catch (error) {
          copies.delete(file);
          throw error;
        }
      });
    },
    async release(file) {
      if (copies.delete(file)) await rm(file, { force: true });
    },
    async forget() {
      await Promise.allSettled(copies.values());
      copies.clear();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** DuckDB goes by it where it must guess a format. */
function extensionOf(key: string): string {
  return /\.[a-z0-9]{1,8}$/.exec(key)?.[0] ?? '';
}

async function versionOf(place: S3Place, key: string): Promise<Version> {
  try {
    const { ETag = '', ContentLength = 0 } = await place.s3.send(
      new HeadObjectCommand({ Bucket: place.bucketOf(key), Key: key }),
    );
    return { etag: ETag, sizeBytes: ContentLength };
  } catch (error) {
    throw readingError(place, key, error);
  }
}

async function download(
  place: S3Place,
  key: string,
  { etag, sizeBytes }: Version,
  file: string,
): Promise<string> {
  const { doing } = onObject(place, 'downloading', 's3:GetObject', key);
  return await guarded(doing, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    await checkRoom(path.dirname(file), key, sizeBytes);
    const handle = await open(file, 'w');
    try {
      const starts = Array.from({ length: Math.ceil(sizeBytes / PART_BYTES) }, (_, n) => n * PART_BYTES);
      const rest = starts.values();
      const work = async (): Promise<void> => {
        for (const start of rest) {
          let at = start;
          const end = Math.min(start + PART_BYTES, sizeBytes);
          for await (const piece of s3Pieces(place, key, { start, end }, etag)) {
            const { bytesWritten } = await handle.write(piece, 0, piece.byteLength, at);
            if (bytesWritten !== piece.byteLength) throw cutShort(key, at + bytesWritten, sizeBytes);
            at += bytesWritten;
          }
          if (at !== end) throw cutShort(key, at, sizeBytes);
        }
      };
      await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
    } catch (error) {
      await handle.close();
      await rm(file, { force: true });
      throw error;
    }
    await handle.close();
    const { size } = await stat(file);
    if (size !== sizeBytes) throw cutShort(key, size, sizeBytes);
    return file;
  });
}

async function checkRoom(folder: string, key: string, sizeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > sizeBytes) return;
  throw new ConfigError(
    'DISK_FULL',
    `${key} (${sizeBytes} bytes) doesn't fit on the local disk, where ${bavail * bsize} bytes are free: give the function more ephemeral storage.`,
    { context: { key, sizeBytes } },
  );
}

function cutShort(key: string, hasBytes: number, sizeBytes: number): TransientError {
  return new TransientError(
    'CUT_SHORT',
    `The copy of ${key} ended after ${hasBytes} of ${sizeBytes} bytes: it is made again the next time.`,
    { context: { key, hasBytes, sizeBytes } },
  );
}

/** Runs a limited number of jobs at once; the others wait their turn. */
function atMost(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
