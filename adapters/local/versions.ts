import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { linkExclusive, syncFolder } from './durable-file.ts';
import { hasCode, ifPresent } from './file-errors.ts';
import type { LakeFolder } from './lake-folder.ts';
import { lstat, readFile } from './quick-files.ts';

/** What one version of a key says: some bytes, or that the object was removed. */
export type Version = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'removed' };

/**
 * The versions of one key: entries named 1, 2, 3 … in a folder, without gaps, never changed and never
 * removed. Creating n+1 succeeds for one process only, and that is the commit: a process killed before
 * it has done nothing, one killed after it has committed, and there is no lock to be left behind.
 * A version is a file, or an empty folder where the object was removed.
 */
export interface VersionChain {
  /** The number of the newest version; 0 where there is none. */
  newest(): Promise<number>;
  /** Whether a version exists. */
  has(version: number): Promise<boolean>;
  /** One version, or undefined where it doesn't exist. */
  read(version: number): Promise<Version | undefined>;
  /** Commits a file as this version, durably; false where the version exists. The one before it must exist. */
  commit(version: number, file: string): Promise<boolean>;
  /** Commits the object's removal as this version, durably; false where the version exists. */
  commitRemoval(version: number): Promise<boolean>;
  /** Makes the file that has this name now version 1; does nothing where there is one, or no such file. */
  adopt(name: string): Promise<void>;
  /** Path of one version. */
  pathOf(version: number): string;
}

/** The chain in a folder, which need not exist. */
export function versionChain(folder: string, lake: Pick<LakeFolder, 'ensureFolder' | 'modes'>): VersionChain {
  const pathOf = (version: number): string => path.join(folder, String(version));
  const has = async (version: number): Promise<boolean> =>
    (await ifPresent(() => lstat(pathOf(version)))) !== undefined;

  return {
    pathOf,
    has,
    newest: () => lastPresent(has),
    read: (version) => ifPresent(() => readVersion(pathOf(version))),
    async commit(version, file) {
      await lake.ensureFolder(folder);
      const committed = await linkExclusive(file, pathOf(version));
      if (committed) await syncFolder(folder);
      return committed;
    },
    async commitRemoval(version) {
      try {
        await mkdir(pathOf(version), { mode: lake.modes.folder });
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      }
      await syncFolder(folder);
      return true;
    },
    async adopt(name) {
      if ((await ifPresent(() => lstat(name))) === undefined) return;
      await lake.ensureFolder(folder);
      await ifPresent(() => linkExclusive(name, pathOf(1)));
    },
  };
}

/** Tag of a version: its number, so that equal bytes at another time differ, and its bytes' digest. */
export function etagOf(version: number, bytes: Uint8Array): string {
  return `${version}-${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The version number in a tag; undefined for a tag that `etagOf` can't have made. */
export function versionOf(etag: string): number | undefined {
  const [, digits] = /^([1-9]\d{0,14})-[0-9a-f]{64}$/.exec(etag) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

async function readVersion(file: string): Promise<Version> {
  try {
    return { kind: 'bytes', bytes: await readFile(file) };
  } catch (error) {
    if (hasCode(error, 'EISDIR')) return { kind: 'removed' };
    throw error;
  }
}

/** The last of the gapless numbers 1 … n that are present, in O(log n) looks. */
async function lastPresent(isPresent: (n: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = 1;
  while (await isPresent(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isPresent(middle)) low = middle;
    else high = middle;
  }
  return low;
}
