import path from 'node:path';
import { ConflictError } from '../../etl/errors.ts';
import type { ObjectInfo, ObjectStore, StoredObject, WriteCondition } from '../../etl/ports.ts';
import { isSameFile, linkExclusive, removeFile, replaceFile, syncFolder } from './durable-file.ts';
import { guarded, hasCode, ifPresent } from './file-errors.ts';
import type { LakeFolder } from './lake-folder.ts';
import { listObjects } from './list-objects.ts';
import { refreshCopy } from './pointer-copy.ts';
import { exactLstat, readFile } from './quick-files.ts';
import { etagOf, type VersionChain, versionChain, versionOf } from './versions.ts';

/**
 * An ObjectStore on a folder, correct among processes and when any of them is killed at any point.
 *
 * A key that nobody replaced conditionally is just its file. The first `ifMatch` gives the key a
 * version chain (versions.ts) that starts from that file; from then on the chain alone says what the
 * key holds, and the file is a copy for people and other programs, brought up to date after every commit
 * and by every `get` that finds it behind. Every operation that acted on the file therefore looks
 * afterwards whether a chain has appeared meanwhile, and if so repeats itself on the chain: a put or a
 * remove that races with that first `ifMatch` may take effect twice, as a repeated request to S3 may. A create that races
 * with both may be refused although its bytes were there for a moment, until a put without condition took their place.
 */
export function fileObjectStore(lake: LakeFolder): ObjectStore {
  const open = (key: string): Entry => ({
    key,
    lake,
    file: lake.keyPath(key),
    chain: versionChain(lake.versionsPath(key), lake),
  });
  return {
    list: (prefix, after, isMeant): Promise<ObjectInfo[]> =>
      guarded(`listing ${prefix}`, () => listObjects(lake, prefix, { after, isMeant })),
    get: (key) => guarded(`reading ${key}`, async () => await readObject(open(key))),
    put: (key, body, condition) =>
      guarded(`writing ${key}`, async () => await write(open(key), body, condition)),
    remove: (key) => guarded(`removing ${key}`, async () => await removeObject(open(key))),
    // As it stands, not percent-encoded: readers of Iceberg metadata take a location literally.
    uri: (key) => `file://${lake.keyPath(key)}`,
  };
}

interface Entry {
  readonly key: string;
  readonly lake: LakeFolder;
  readonly file: string;
  readonly chain: VersionChain;
}

async function readObject(entry: Entry): Promise<StoredObject | undefined> {
  const newest = await entry.chain.newest();
  if (newest === 0) {
    const body = await readPlainFile(entry.file);
    // Only while there is no chain is the file the truth: one made during the read may contradict it.
    if (await hasChain(entry)) return readObject(entry);
    return body === undefined ? undefined : { body, etag: etagOf(1, body) };
  }
  const version = await entry.chain.read(newest);
  const body = version?.kind === 'bytes' ? version.bytes : undefined;
  const copy = await readPlainFile(entry.file);
  if (!sameBytes(body, copy)) await refreshQuietly(entry);
  return body === undefined ? undefined : { body, etag: etagOf(newest, body) };
}

function write(entry: Entry, body: Uint8Array, condition: WriteCondition | undefined): Promise<string> {
  if (condition === undefined) return replace(entry, body);
  return 'ifMatch' in condition ? swap(entry, body, condition.ifMatch) : create(entry, body);
}

/** Writes whatever is there. */
async function replace(entry: Entry, body: Uint8Array): Promise<string> {
  if (await hasChain(entry)) return append(entry, body);
  await entry.lake.ensureFolder(path.dirname(entry.file));
  const temp = await entry.lake.writeTemp(body);
  try {
    const written = await exactLstat(temp);
    await replaceFile(temp, entry.file);
    const first = await ifPresent(() => exactLstat(entry.chain.pathOf(1)));
    // If version 1 is this file, the chain holds it. If it is an older file, the chain hides it.
    if (first === undefined || first.ino === written.ino) return etagOf(1, body);
  } finally {
    await removeFile(temp);
  }
  return append(entry, body);
}

/** Commits the bytes as the next version, however many others do the same. */
async function append(entry: Entry, body: Uint8Array): Promise<string> {
  return await withTemp(entry, body, async (temp) => {
    for (;;) {
      const next = (await entry.chain.newest()) + 1;
      if (await entry.chain.commit(next, temp)) return await committed(entry, next, body);
    }
  });
}

/** Writes only where nothing is. */
async function create(entry: Entry, body: Uint8Array): Promise<string> {
  await entry.lake.ensureFolder(path.dirname(entry.file));
  return await withTemp(entry, body, async (temp) => {
    if (!(await hasChain(entry)) && (await linkExclusive(temp, entry.file))) {
      await syncFolder(path.dirname(entry.file));
      const isHidden = (await hasChain(entry)) && !(await isSameFile(temp, entry.chain.pathOf(1)));
      if (!isHidden) return etagOf(1, body);
    }
    const newest = await entry.chain.newest();
    const current = newest === 0 ? undefined : await entry.chain.read(newest);
    if (current?.kind === 'removed' && (await entry.chain.commit(newest + 1, temp))) {
      return await committed(entry, newest + 1, body);
    }
    await refreshQuietly(entry);
    throw lostRace(entry.key, 'it exists already');
  });
}

/** Writes only over the version that was read. */
async function swap(entry: Entry, body: Uint8Array, ifMatch: string): Promise<string> {
  const expected = versionOf(ifMatch);
  if (expected === undefined) throw lostRace(entry.key, 'it never had this tag');
  // Before its chain exists, a key's file counts as version 1. Linking it settles which file that is.
  if (expected === 1) await entry.chain.adopt(entry.file);
  const current = await entry.chain.read(expected);
  if (current?.kind !== 'bytes' || etagOf(expected, current.bytes) !== ifMatch) {
    throw lostRace(entry.key, 'it has changed since it was read');
  }
  if (await entry.chain.has(expected + 1)) throw lostRace(entry.key, 'it has changed since it was read');
  return await withTemp(entry, body, async (temp) => {
    if (await entry.chain.commit(expected + 1, temp)) return await committed(entry, expected + 1, body);
    throw lostRace(entry.key, 'another writer was first');
  });
}

async function removeObject(entry: Entry): Promise<void> {
  if (!(await hasChain(entry))) {
    await removeFile(entry.file);
    await ifPresent(() => syncFolder(path.dirname(entry.file)));
  }
  for (let newest = await entry.chain.newest(); newest > 0; newest = await entry.chain.newest()) {
    const current = await entry.chain.read(newest);
    if (current?.kind === 'removed' || (await entry.chain.commitRemoval(newest + 1))) {
      await refreshQuietly(entry);
      return;
    }
  }
}

async function committed(entry: Entry, version: number, body: Uint8Array): Promise<string> {
  await refreshQuietly(entry);
  return etagOf(version, body);
}

/** The copy only follows what is committed: trouble with it must not make a commit look failed, or a read. */
async function refreshQuietly(entry: Entry): Promise<void> {
  await refreshCopy(entry.lake, entry.chain, entry.file).catch(() => undefined);
}

async function withTemp<T>(entry: Entry, body: Uint8Array, work: (temp: string) => Promise<T>): Promise<T> {
  const temp = await entry.lake.writeTemp(body);
  try {
    return await work(temp);
  } finally {
    await removeFile(temp);
  }
}

const hasChain = (entry: Entry): Promise<boolean> => entry.chain.has(1);

async function readPlainFile(file: string): Promise<Uint8Array | undefined> {
  try {
    return await ifPresent(() => readFile(file));
  } catch (error) {
    if (hasCode(error, 'EISDIR')) return undefined;
    throw error;
  }
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}

function lostRace(key: string, why: string): ConflictError {
  return new ConflictError(
    'PRECONDITION_FAILED',
    `${key} was not written: ${why}. Read it again and decide anew.`,
    { context: { key } },
  );
}
