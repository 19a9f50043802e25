import { chmod, copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { DataStore, ObjectIdentity } from '../../etl/ports.ts';
import { type AddedFile, type AddOptions, addFile } from './add-file.ts';
import { cachedDigest } from './digest-cache.ts';
import { removeFile, replaceFile, syncFile, syncFolder } from './durable-file.ts';
import { readPieces } from './file-bytes.ts';
import { guarded, hasCode } from './file-errors.ts';
import type { LakeFolder } from './lake-folder.ts';
import { ownedName } from './owner.ts';
import { stat } from './quick-files.ts';

/** A DataStore on a folder, and what Bronze needs beyond it. */
export interface FileDataStore extends DataStore {
  /**
   * Copies a file from anywhere to a key that is never written again, hashing it on the way. The same
   * bytes under that key already: `existed`. Other bytes: ConflictError 'NAME_TAKEN' with the source's
   * `digest` in its context, so that the caller can choose another name. A source that changes while it
   * is read: TransientError 'FILE_CHANGING'. A store far away says now and then how many bytes have gone.
   * The arrival is kept with the object, to the millisecond.
   */
  addFile(sourcePath: string, key: string, options: AddOptions): Promise<AddedFile>;
}

/** The DataStore of a lake. */
export function fileDataStore(lake: LakeFolder): FileDataStore {
  return {
    stream: (key, range) => readPieces(lake.keyPath(key), key, range),
    digest: (key) => guarded(`reading ${key}`, async () => await cachedDigest(lake, key)),
    identify: (key) => guarded(`reading ${key}`, async () => await identify(lake, key)),
    async localPath(key) {
      const file = lake.keyPath(key);
      await guarded(`opening ${key}`, () => stat(file));
      return file;
    },
    publish: (scratchPath, key) =>
      guarded(`publishing ${key}`, async () => await publishFile(lake, scratchPath, lake.keyPath(key))),
    addFile: (sourcePath, key, options) =>
      guarded(
        `adding ${sourcePath} as ${key}`,
        async () => await addFile(lake, { sourcePath, key, ...options }),
      ),
  };
}

/** An ingest notes the arrival as the file's time of modification; what was put there by hand counts from its own. */
async function identify(lake: LakeFolder, key: string): Promise<ObjectIdentity> {
  const { mtimeMs } = await stat(lake.keyPath(key));
  return { digest: await cachedDigest(lake, key), arrivedMs: Math.floor(mtimeMs) };
}

async function publishFile(lake: LakeFolder, scratchPath: string, target: string): Promise<void> {
  // DuckDB wrote it, with whatever mode the process gives.
  await chmod(scratchPath, lake.modes.file);
  await syncFile(scratchPath);
  await lake.ensureFolder(path.dirname(target));
  try {
    await rename(scratchPath, target);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    await moveAcross(scratchPath, target);
  }
  await syncFolder(path.dirname(target));
}

/** Moves to another device: a hidden copy beside the target first, so that the target appears whole. */
async function moveAcross(scratchPath: string, target: string): Promise<void> {
  const copy = path.join(path.dirname(target), `.${ownedName('publish')}`);
  try {
    await copyFile(scratchPath, copy);
    await syncFile(copy);
    await replaceFile(copy, target);
  } finally {
    await removeFile(copy);
  }
  await removeFile(scratchPath);
}
