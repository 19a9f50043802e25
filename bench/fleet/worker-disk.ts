import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { scratchOpener } from '../../adapters/local/scratch.ts';
import type { DataStore, Effects } from '../../etl/ports.ts';

/** The local disk of one worker: copies of the lake's objects, as S3 makes them needed, and scratch space. */
export interface WorkerDisk {
  /** The same effects on this disk alone. */
  readonly on: (effects: Effects) => Effects;
  /** Removes all copies, as a function does between two calls; returns the most bytes that lay there since the last time. */
  clear(): Promise<number>;
}

/** How often the disk is looked at for what DuckDB and the stages write there. */
const LOOK_MS = 50;

/**
 * A folder as a worker's disk. A copy is a hard link, so that it costs no time and no room here, and counts with all of
 * its bytes until it is released. Past the limit no copy is made: the call fails as on a full disk, and DuckDB spills no
 * further. What is written besides is looked at twenty times a second.
 */
export async function openWorkerDisk(folder: string, limitBytes: number): Promise<WorkerDisk> {
  const copies = new Map<string, { readonly path: string; readonly sizeBytes: number }>();
  const [copyFolder, scratchFolder] = [path.join(folder, 'copies'), path.join(folder, 'scratch')];
  await mkdir(copyFolder, { recursive: true });
  await mkdir(scratchFolder, { recursive: true });
  let [copied, scratch, peak] = [0, 0, 0];
  const note = (): void => {
    peak = Math.max(peak, copied + scratch);
  };
  const look = async (): Promise<void> => {
    scratch = await sizeOf(scratchFolder);
    note();
  };
  const looking = setInterval(() => void look(), LOOK_MS);
  looking.unref();

  const copy = async (data: DataStore, key: string): Promise<string> => {
    const there = copies.get(key);
    if (there !== undefined) return there.path;
    const original = await data.localPath(key);
    const { size } = await stat(original);
    await look();
    if (copied + scratch + size > limitBytes)
      throw new Error(
        `The worker's disk is full: ${copied} bytes of copies, ${scratch} of scratch, and ${key} has ${size}.`,
      );
    const file = path.join(copyFolder, `${randomUUID()}${path.extname(key)}`);
    await link(original, file);
    copies.set(key, { path: file, sizeBytes: size });
    copied += size;
    note();
    return file;
  };
  const release = async (file: string): Promise<void> => {
    const found = [...copies].find(([, one]) => one.path === file);
    if (found === undefined) return;
    copies.delete(found[0]);
    copied -= found[1].sizeBytes;
    await rm(file, { force: true });
  };
  return {
    on: (effects) => ({
      ...effects,
      data: {
        ...effects.data,
        localPath: (key) => copy(effects.data, key),
        releasePath: release,
        publish: async (file, key) => {
          await look();
          await effects.data.publish(file, key);
        },
      },
      openScratch: scratchOpener(scratchFolder),
      engine: {
        ...effects.engine,
        folders: [copyFolder],
        spillLimitMb: Math.floor(limitBytes / 1024 / 1024),
      },
    }),
    clear: async () => {
      await look();
      const taken = peak;
      for (const { path: file } of [...copies.values()]) await release(file);
      peak = 0;
      return taken;
    },
  };
}

/** Bytes of all files below a folder; one that goes while it is looked at counts nothing. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(path.join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
