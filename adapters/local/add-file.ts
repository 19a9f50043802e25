import path from 'node:path';
import { ConflictError } from '../../etl/errors.ts';
import { cachedDigest, rememberDigest } from './digest-cache.ts';
import { ensureFolder, linkExclusive, removeFile, syncFolder } from './durable-file.ts';
import { copyHashed, type HashedFile, hashFile } from './file-bytes.ts';
import { hasCode, ifPresent } from './file-errors.ts';
import type { LakeFolder } from './lake-folder.ts';
import { MODES, type Share } from './lake-modes.ts';
import { ownedName } from './owner.ts';
import type { Links } from './plain-file.ts';
import { lstat } from './quick-files.ts';
import { sharedWork } from './shared-work.ts';

/** Of many files that come at once, one flush of their folder serves all that were placed before it began. */
const syncTogether = sharedWork(syncFolder);

/** Whoever finds a folder that another just made waits until it is durable. */
const ensureTogether: Readonly<Record<Share, (folder: string) => Promise<void>>> = {
  nobody: sharedWork((folder) => ensureFolder(folder, MODES.nobody.folder)),
  group: sharedWork((folder) => ensureFolder(folder, MODES.group.folder)),
};

/** A source file in Bronze; `existed` where the same bytes were there already. */
export interface AddedFile {
  readonly key: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly existed: boolean;
}

/** When a file came, whether it may be a link (it may unless said), and who wants to know how many of its bytes have gone. */
export interface AddOptions {
  readonly arrivedMs: number;
  readonly links?: Links;
  readonly onSent?: ((bytes: number) => void) | undefined;
}

/** A file and where it goes. */
interface Adding extends AddOptions {
  readonly sourcePath: string;
  readonly key: string;
}

/** Copies a file to a key, write-once; see FileDataStore.addFile. */
export async function addFile(lake: LakeFolder, source: Adding): Promise<AddedFile> {
  const { sourcePath, key, links } = source;
  const target = lake.keyPath(key);
  if ((await ifPresent(() => lstat(target))) !== undefined) {
    return await compareWith(lake, key, await hashFile(sourcePath, undefined, links));
  }
  const { hashed, isPlaced } = await copyAndPlace(lake, source, target);
  if (!isPlaced) return await compareWith(lake, key, hashed);
  await syncTogether(path.dirname(target));
  await rememberDigest(lake, key, hashed);
  return { key, digest: hashed.digest, sizeBytes: Number(hashed.fingerprint.sizeBytes), existed: false };
}

/** Gives the target a durable copy of the source, under no other name when it returns; not where a file is already. */
async function copyAndPlace(
  lake: LakeFolder,
  { sourcePath, arrivedMs, links }: Adding,
  target: string,
): Promise<{ readonly hashed: HashedFile; readonly isPlaced: boolean }> {
  const temp = await lake.tempPath();
  try {
    // Set before the file gets its name, so that no run sees another arrival.
    const hashed = await copyHashed(sourcePath, temp, {
      modifiedMs: arrivedMs,
      links,
      mode: lake.modes.file,
    });
    await ensureTogether[lake.modes === MODES.group ? 'group' : 'nobody'](path.dirname(target));
    return { hashed, isPlaced: await placeExclusive(lake, { temp, target, arrivedMs }) };
  } finally {
    await removeFile(temp);
  }
}

async function compareWith(lake: LakeFolder, key: string, source: HashedFile): Promise<AddedFile> {
  if ((await cachedDigest(lake, key)) !== source.digest) {
    throw new ConflictError('NAME_TAKEN', `${key} holds another file: keep this one beside it.`, {
      context: { key, digest: source.digest },
    });
  }
  return { key, digest: source.digest, sizeBytes: Number(source.fingerprint.sizeBytes), existed: true };
}

/** Puts the file at the target unless one is there; false then. Bronze may lie on another device. */
async function placeExclusive(
  lake: LakeFolder,
  { temp, target, arrivedMs }: { readonly temp: string; readonly target: string; readonly arrivedMs: number },
): Promise<boolean> {
  try {
    return await linkExclusive(temp, target);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
  }
  const copy = path.join(path.dirname(target), `.${ownedName('add')}`);
  try {
    await copyHashed(temp, copy, { modifiedMs: arrivedMs, mode: lake.modes.file });
    return await linkExclusive(copy, target);
  } finally {
    await removeFile(copy);
  }
}
