import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import type { ObjectInfo } from '../../etl/ports.ts';
import { ifPresent } from './file-errors.ts';
import { LAKE_FILE, type LakeFolder } from './lake-folder.ts';
import { lstat, stat } from './quick-files.ts';
import { versionChain } from './versions.ts';

/** Enough to keep a disk busy without running out of file descriptors. */
const STATS_AT_ONCE = 64;

/** Which objects are asked for. */
export interface Listing {
  /** Only those whose keys come behind it. */
  readonly after?: string | undefined;
  /** Files that it is not true of are left out before they are looked at. */
  readonly isMeant?: ((key: string) => boolean) | undefined;
}

/** Every object whose key starts with the prefix and comes behind `after`, in the order of its UTF-8 bytes, as S3 lists. */
export async function listObjects(
  lake: LakeFolder,
  prefix: string,
  { after = '', isMeant }: Listing = {},
): Promise<ObjectInfo[]> {
  const first = Buffer.from(after);
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (folder !== '') lake.keyPath(folder.slice(0, -1)); // refuses what would leave the lake
  const found = new Map<string, ObjectInfo>();
  for (const object of await filesUnder(lake.root, folder, { after, isMeant })) found.set(object.key, object);
  for (const key of await versionedKeys(path.join(lake.root, '.versions'), folder)) {
    const newest = await newestOf(lake, key);
    if (newest === undefined) found.delete(key);
    else found.set(key, newest);
  }
  found.delete(LAKE_FILE);
  return [...found.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, sizeBytes, modifiedMs }) => ({
      object: { key, sizeBytes, modifiedMs },
      bytes: Buffer.from(key),
    }))
    .filter(({ bytes }) => Buffer.compare(bytes, first) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ object }) => object);
}

/**
 * Every file below a folder of a root, hidden ones left out, as keys relative to the root; `folder` is
 * empty or ends with a slash. Symbolic links are followed. Of what isn't asked for, some may be there all the same.
 * In no particular order.
 */
export async function filesUnder(root: string, folder: string, listing: Listing = {}): Promise<ObjectInfo[]> {
  const names = await namesToLookAt(root, folder, listing);
  const found: ObjectInfo[] = [];
  for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
    const batch = names.slice(start, start + STATS_AT_ONCE);
    const entries = await Promise.all(batch.map((name) => look(root, `${folder}${name}`)));
    for (const entry of entries) {
      if (entry?.kind === 'file') found.push(entry);
      else if (entry?.kind === 'folder') found.push(...(await filesUnder(root, `${entry.key}/`, listing)));
    }
  }
  return found;
}

/** Names in a folder that an object may be called, or have in its key, that is asked for. */
async function namesToLookAt(
  root: string,
  folder: string,
  { after = '', isMeant }: Listing,
): Promise<string[]> {
  const first = Buffer.from(after);
  const entries = (await ifPresent(() => readdir(path.join(root, folder), { withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => !entry.name.startsWith('.') && mayComeBehind(`${folder}${entry.name}`, first))
    .filter((entry) => isMeant === undefined || !entry.isFile() || isMeant(`${folder}${entry.name}`))
    .map(({ name }) => name);
}

/** Whether an object of this key, or any in a folder of this name, may come behind another key. */
function mayComeBehind(key: string, after: Buffer): boolean {
  const first = Buffer.from(`${key}/`);
  // A folder that the other key lies in has keys on both sides of it.
  return Buffer.compare(first, after) > 0 || first.equals(after.subarray(0, first.length));
}

interface Seen extends ObjectInfo {
  readonly kind: 'file' | 'folder';
}

async function look(root: string, key: string): Promise<Seen | undefined> {
  const stats = await ifPresent(() => stat(path.join(root, key)));
  if (stats === undefined) {
    refuseUnreadableName(key);
    return undefined;
  }
  return {
    key,
    sizeBytes: stats.size,
    modifiedMs: Math.floor(stats.mtimeMs),
    kind: stats.isDirectory() ? 'folder' : 'file',
  };
}

/** A name that isn't UTF-8 can't be opened by what it reads as; left out in silence it would be lost. */
function refuseUnreadableName(key: string): void {
  if (!key.includes('\uFFFD')) return;
  throw new ConfigError('FILE_NAME_ENCODING', `'${key}' has a name that isn't UTF-8: rename the file.`, {
    context: { key },
  });
}

async function visibleNames(folder: string): Promise<string[]> {
  const names = (await ifPresent(() => readdir(folder))) ?? [];
  return names.filter((name) => !name.startsWith('.'));
}

/** Keys below a folder that have a version chain: their files may lag behind it. */
async function versionedKeys(versionsRoot: string, folder: string): Promise<string[]> {
  const here = path.join(versionsRoot, folder);
  const first = await ifPresent(() => lstat(path.join(here, '1')));
  // Version 1 is always a file; a folder of that name is part of a longer key.
  if (folder !== '' && first !== undefined && !first.isDirectory()) return [folder.slice(0, -1)];
  const keys: string[] = [];
  for (const name of await visibleNames(here)) {
    keys.push(...(await versionedKeys(versionsRoot, `${folder}${name}/`)));
  }
  return keys;
}

async function newestOf(lake: LakeFolder, key: string): Promise<ObjectInfo | undefined> {
  const chain = versionChain(lake.versionsPath(key), lake);
  const newest = await chain.newest();
  if (newest === 0) return undefined;
  const stats = await lstat(chain.pathOf(newest));
  return stats.isDirectory()
    ? undefined
    : { key, sizeBytes: stats.size, modifiedMs: Math.floor(stats.mtimeMs) };
}
