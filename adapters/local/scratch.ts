import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import type { OpenScratch, Scratch, ScratchFile } from '../../etl/ports.ts';
import { readPieces } from './file-bytes.ts';
import { guarded } from './file-errors.ts';
import { ownedName, removeLeftovers } from './owner.ts';

/** Opens scratch spaces below a folder; what dead processes left there is removed first. */
export function scratchOpener(scratchRoot: string): OpenScratch {
  return async (purpose) => {
    await removeLeftovers(scratchRoot);
    const directory = path.join(scratchRoot, ownedName(purpose));
    await guarded(`creating ${directory}`, () => mkdir(directory, { recursive: true }));
    return scratchIn(directory);
  };
}

function scratchIn(directory: string): Scratch {
  const handles = new Set<FileHandle>();
  return {
    directory,
    async create(name) {
      const file = path.join(directory, plainName(name));
      const handle = await guarded(`creating ${file}`, () => open(file, 'wx'));
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
  return {
    path: file,
    // FileHandle.writeFile goes on from where the last write ended, and writes everything.
    write: (bytes) => guarded(`writing ${file}`, () => handle.writeFile(bytes)),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      closed();
      await guarded(`writing ${file}`, () => handle.close());
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
