import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../../etl/errors.ts';
import {
  generationOf,
  openBytes,
  openInPlace,
  sealBytes,
  sealedPieces,
} from '../../../etl/privacy/sealed-bytes.ts';
import { ensureFolder, removeFile, syncFolder, writeSynced } from '../durable-file.ts';
import { guarded, ifPresent } from '../file-errors.ts';
import { ownedName } from '../owner.ts';
import { renamed } from './renamed.ts';
import type { RootKeys } from './root-keys.ts';
import { inTurn } from './turn.ts';

/** The sealed files of a vault's folder, opened. Names are `book`, `people/3`, `keys/3`. */
export interface VaultFiles {
  readonly folder: string;
  /** A file's bytes, kept in memory until the file changes; undefined where there is none. */
  read(name: string): Promise<Buffer | undefined>;
  /**
   * Writes files in their order, each at once and all durably before it returns; only in a turn. Files that are made while
   * others are written are never all in memory.
   */
  write(files: ToWrite): Promise<void>;
  /** Names of all files. */
  names(): Promise<readonly string[]>;
  /** Runs work while no other process writes. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** From now on, files are sealed under a new key, which is sealed under the newest root key. Only in a turn. */
  addKey(): Promise<void>;
  /** Destroys every key but the newest. Only in a turn, when all files are sealed under that. */
  dropOlderKeys(): Promise<void>;
}

/** How much of the vault stays open in memory. */
const KEPT_BYTES = 16 * 1024 * 1024;
const FOLDERS = ['.', 'people', 'keys', 'wrapping', 'tmp'] as const;

/** How many bytes of files are written at one time, at least: more files wait for the disk together. */
const WRITTEN_BYTES = 4 * 1024 * 1024;

/** Files by name, each maybe made only when it is asked for. */
export type ToWrite =
  | Iterable<readonly [name: string, bytes: Buffer]>
  | AsyncIterable<readonly [name: string, bytes: Buffer]>;

interface Kept {
  readonly stamp: string;
  readonly bytes: Buffer;
}

/** The files of the vault in a folder, which need not be there yet. */
export function vaultFiles(folder: string, root: RootKeys): VaultFiles {
  const wrapping = new Map<number, Uint8Array>();
  const kept = new Map<string, Kept>();
  const pathOf = (name: string): string => path.join(folder, name);

  /** The sealing key of a generation, the newest unless said; undefined where there is none (any more). */
  async function wrappingKey(generation: number): Promise<Uint8Array | undefined> {
    const known = wrapping.get(generation);
    if (known !== undefined) return known;
    const name = `wrapping/${generation}`;
    const sealed = await ifPresent(() => readFile(pathOf(name)));
    if (sealed === undefined) return undefined;
    for (const rootKey of await root.read()) {
      const key = openBytes(rootKey, name, sealed);
      if (key !== undefined) {
        wrapping.set(generation, key);
        return key;
      }
    }
    throw new ConfigError(
      'VAULT_KEY_WRONG',
      `The key is not that of the vault in ${folder}: give the one that it was made or last renewed with.`,
      { context: { folder } },
    );
  }

  async function generations(): Promise<number[]> {
    const names = (await ifPresent(() => readdir(pathOf('wrapping')))) ?? [];
    return names.flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : [])).sort((a, b) => a - b);
  }

  async function unsealed(name: string, sealed: Buffer): Promise<Buffer | undefined> {
    const generation = generationOf(sealed);
    const key = generation === undefined ? undefined : await wrappingKey(generation);
    return key === undefined ? undefined : openInPlace(key, name, sealed);
  }

  async function read(name: string, again = 3): Promise<Buffer | undefined> {
    const before = kept.get(name);
    const found = await readUnless(pathOf(name), before?.stamp);
    if (found === undefined) return undefined;
    if (found.bytes === undefined) return before?.bytes;
    const bytes = await unsealed(name, found.bytes);
    // Read while the vault got a new key: the file is another one by now.
    if (bytes === undefined && again > 0) return await read(name, again - 1);
    if (bytes === undefined) throw damaged(pathOf(name));
    keep(kept, name, { stamp: found.stamp, bytes });
    return bytes;
  }

  async function write(files: ToWrite): Promise<void> {
    const generation = (await generations()).at(-1) ?? 0;
    const key = await wrappingKey(generation);
    if (key === undefined) throw damaged(pathOf('wrapping'));
    const writeSome = async (some: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void> => {
      const written = some.map(async ([name, bytes]) => {
        const temp = pathOf(path.join('tmp', ownedName('put')));
        await writeSynced(temp, sealedPieces(key, { name, generation }, bytes), 0o600);
        const stamp = stampOf(await stat(temp, { bigint: true }));
        return { temp, target: pathOf(name), kept: { name, entry: { stamp, bytes } } };
      });
      const all = await Promise.all(written);
      await renamed(all);
      // A file of another process's has another stamp: what is kept is read only as long as it is on the disk.
      for (const { name, entry } of all.map((one) => one.kept)) keep(kept, name, entry);
    };
    let some: (readonly [name: string, bytes: Buffer])[] = [];
    let bytes = 0;
    for await (const file of files) {
      some.push(file);
      bytes += file[1].length;
      if (bytes < WRITTEN_BYTES) continue;
      await writeSome(some);
      [some, bytes] = [[], 0];
    }
    await writeSome(some);
  }

  return {
    folder,
    read: (name) => guarded(`reading ${pathOf(name)}`, () => read(name)),
    write: (files) => guarded(`writing ${folder}`, () => write(files)),
    async names() {
      const shards = async (kind: string): Promise<string[]> =>
        ((await ifPresent(() => readdir(pathOf(kind)))) ?? []).map((name) => `${kind}/${name}`);
      return ['book', ...(await shards('people')), ...(await shards('keys'))];
    },
    inTurn: (work) =>
      guarded(`writing ${folder}`, async () => {
        for (const name of FOLDERS) await ensureFolder(pathOf(name), 0o700);
        return await inTurn(pathOf('turns'), async () => {
          // Whoever left something here has died: nobody else writes now.
          for (const name of await readdir(pathOf('tmp'))) await removeFile(pathOf(path.join('tmp', name)));
          return await work();
        });
      }),
    async addKey() {
      const generation = ((await generations()).at(-1) ?? 0) + 1;
      const [newest] = await root.read();
      if (newest === undefined) return;
      const name = `wrapping/${generation}`;
      const temp = pathOf(path.join('tmp', ownedName('key')));
      await writeSynced(temp, sealBytes(newest, { name, generation }, randomBytes(32)), 0o600);
      await renamed([{ temp, target: pathOf(name) }]);
    },
    async dropOlderKeys() {
      for (const generation of (await generations()).slice(0, -1)) {
        await removeFile(pathOf(`wrapping/${generation}`));
        wrapping.delete(generation);
      }
      await syncFolder(pathOf('wrapping'));
    },
  };
}

/** A file's identity, and its bytes unless it is the one that is known; both of one moment. */
async function readUnless(
  file: string,
  known: string | undefined,
): Promise<{ readonly stamp: string; readonly bytes?: Buffer } | undefined> {
  const handle = await ifPresent(() => open(file, 'r'));
  if (handle === undefined) return undefined;
  try {
    const stamp = stampOf(await handle.stat({ bigint: true }));
    return stamp === known ? { stamp } : { stamp, bytes: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

const stampOf = ({ ino, mtimeNs, size }: BigIntStats): string => `${ino}-${mtimeNs}-${size}`;

/**
 * Keeps bytes in memory where there is room. All files of a vault are read in turn, so that to let go of others for their
 * sake would keep none of a larger vault until it is read again.
 */
function keep(kept: Map<string, Kept>, name: string, entry: Kept): void {
  kept.delete(name);
  let total = entry.bytes.length;
  for (const { bytes } of kept.values()) total += bytes.length;
  if (total <= KEPT_BYTES) kept.set(name, entry);
}

function damaged(file: string): ConfigError {
  return new ConfigError(
    'VAULT_DAMAGED',
    `${file} can't be opened: it was damaged, or it is older than the vault's last new key. Restore the whole folder of the vault, not one file of it.`,
    { context: { file } },
  );
}
