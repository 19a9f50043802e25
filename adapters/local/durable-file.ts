import { chmod, link, mkdir, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { hasCode, ifPresent } from './file-errors.ts';
import { isShared } from './lake-modes.ts';
import { exactLstat, stat } from './quick-files.ts';

/** Makes names created, replaced or removed in a folder survive a power failure. */
export function syncFolder(folder: string): Promise<void> {
  return syncFile(folder);
}

/** Creates a folder and its missing parents, durably and with a mode; does nothing where it exists. */
export async function ensureFolder(folder: string, mode: number): Promise<void> {
  // Most folders are there, and are asked for with each file.
  if ((await ifPresent(() => stat(folder)))?.isDirectory() === true) return;
  const first = await mkdir(folder, { recursive: true, mode });
  if (first === undefined) return;
  const stop = path.dirname(first);
  if (isShared(mode)) for (let one = folder; one !== stop; one = path.dirname(one)) await chmod(one, mode);
  for (let parent = path.dirname(folder); ; parent = path.dirname(parent)) {
    await syncFolder(parent);
    if (parent === stop || parent === path.dirname(parent)) return;
  }
}

/** Writes a new file of bytes, or of pieces of them, with a mode and returns when it is on the disk; EEXIST where there is one. */
export async function writeSynced(
  file: string,
  bytes: Uint8Array | Iterable<Uint8Array>,
  mode: number,
): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    if (isShared(mode)) await handle.chmod(mode);
    for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the bytes of a file that others wrote, or the names in a folder, survive a power failure. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a file a second name only where nothing has that name yet; false where something has. A name
 * that is already this very file counts as given: a network mount may repeat a request that succeeded.
 */
export async function linkExclusive(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return await isSameFile(file, name);
  }
}

/** Renames over whatever has the target's name, and makes it durable. */
export async function replaceFile(file: string, target: string): Promise<void> {
  await rename(file, target);
  await syncFolder(path.dirname(target));
}

/** Removes a file; does nothing where there is none. */
export async function removeFile(file: string): Promise<void> {
  await ifPresent(() => unlink(file));
}

/** Whether two names mean one file; false where either is missing. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const look = (name: string) => ifPresent(() => exactLstat(name));
  const [a, b] = await Promise.all([look(one), look(other)]);
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}
