import { Buffer } from 'node:buffer';
import { chmod, type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import type { OpenScratch, Scratch, ScratchFile } from '../../etl/ports.ts';
import { readPieces } from './file-bytes.ts';
import { guarded, hasCode } from './file-errors.ts';
import { isShared, MODES, type Modes } from './lake-modes.ts';
import { ownedName, removeLeftovers } from './owner.ts';

/** Small pieces go to the disk together: a write costs more than the few KB that it writes. */
const HELD_BYTES = 256 * 1024;

/**
 * Opens scratch spaces below a folder; what dead processes left there is removed first. Where this user may not write
 * there, as who only reads a lake, they lie in the system's folder for temporary files.
 */
export function scratchOpener(scratchRoot: string, modes: Modes = MODES.nobody): OpenScratch {
  return async (purpose, within) => {
    const own = ownedName(purpose);
    if (within !== undefined) return await openWithin(within.directory, own, modes);
    await removeLeftovers(scratchRoot);
    const directory = path.join(scratchRoot, own);
    return await guarded(`creating ${directory}`, async () => {
      try {
        await mkdir(scratchRoot, { recursive: true, mode: modes.folder });
        await mkdir(directory, { mode: modes.folder });
        // Whoever else uses the lake makes scratch spaces beside this one, and removes it if this process dies.
        if (isShared(modes.folder)) await chmod(directory, modes.folder);
        if (isShared(modes.folder)) await chmod(scratchRoot, modes.folder).catch(() => undefined);
        return scratchIn(directory, modes);
      } catch (error) {
        if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
        return scratchIn(await mkdtemp(path.join(tmpdir(), `${own}-`)), modes);
      }
    });
  };
}

/** What dead processes leave in another scratch space goes with it. */
async function openWithin(parent: string, name: string, modes: Modes): Promise<Scratch> {
  const directory = path.join(parent, name);
  return await guarded(`creating ${directory}`, async () => {
    await mkdir(directory, { mode: modes.folder });
    if (isShared(modes.folder)) await chmod(directory, modes.folder);
    return scratchIn(directory, modes);
  });
}

function scratchIn(directory: string, modes: Modes): Scratch {
  const handles = new Set<FileHandle>();
  return {
    directory,
    async create(name) {
      const file = path.join(directory, plainName(name));
      const handle = await guarded(`creating ${file}`, () => open(file, 'wx', modes.file));
      handles.add(handle);
      return scratchFile(file, handle, () => handles.delete(handle));
    },
    read(file, range) {
      refuseOutside(directory, file);
      return readPieces(file, file, range);
    },
    async remove(file) {
      refuseOutside(directory, file);
      await guarded(`removing ${file}`, () => rm(file, { recursive: true, force: true }));
    },
    async dispose() {
      await Promise.all([...handles].map((handle) => handle.close().catch(() => undefined)));
      handles.clear();
      await guarded(`removing ${directory}`, () => rm(directory, { recursive: true, force: true }));
    },
  };
}

function scratchFile(file: string, handle: FileHandle, closed: () => void): ScratchFile {
  let isOpen = true;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  // FileHandle.writeFile goes on from where the last write ended, and writes everything.
  const writeOut = (bytes: Uint8Array): Promise<void> =>
    guarded(`writing ${file}`, () => handle.writeFile(bytes));
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(held);
    [held, heldBytes] = [[], 0];
    await writeOut(bytes);
  };
  return {
    path: file,
    async write(bytes) {
      if (heldBytes === 0 && bytes.length >= HELD_BYTES) return await writeOut(bytes);
      held.push(Uint8Array.from(bytes));
      heldBytes += bytes.length;
      if (heldBytes >= HELD_BYTES) await flush();
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      closed();
      try {
        await flush();
      } finally {
        await guarded(`writing ${file}`, () => handle.close());
      }
    },
  };
}

function plainName(name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\]/.test(name)) return name;
  throw new ConfigError('SCRATCH_NAME', `'${name}' can't be the name of a scratch file.`);
}

function refuseOutside(directory: string, file: string): void {
  const relative = path.relative(directory, file);
  if (relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)) return;
  throw new ConfigError('SCRATCH_NAME', `${file} is not in the scratch space ${directory}.`);
}
