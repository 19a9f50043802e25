import { chmod, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from './file-errors.ts';

/** Who may use a lake beside its owner: nobody, or the group of its folder. */
export const SHARES = ['nobody', 'group'] as const;
export type Share = (typeof SHARES)[number];

/** Modes of the files and folders of a lake. */
export interface Modes {
  readonly file: number;
  readonly folder: number;
}

/** Modes by share; of a folder that is shared, what comes into it belongs to the same group. */
export const MODES: Readonly<Record<Share, Modes>> = {
  nobody: { file: 0o600, folder: 0o700 },
  group: { file: 0o660, folder: 0o2770 },
};

/** Whether the process's umask may take away what a mode gives, so that it must be set once more. */
export const isShared = (mode: number): boolean => (mode & 0o070) !== 0;

/**
 * Gives every file and folder below a folder, and the folder, its mode; returns how many had another. Links to folders
 * are followed, since a layer of a lake may lie on another disk; other links are left alone.
 */
export async function applyModes(
  root: string,
  modes: Modes,
  { isDryRun = false }: { readonly isDryRun?: boolean } = {},
): Promise<number> {
  const seen = new Set<string>();
  const apply = async (file: string, mode: number): Promise<number> => {
    try {
      if (((await stat(file)).mode & 0o7777) === mode) return 0;
      if (!isDryRun) await chmod(file, mode);
      return 1;
    } catch (error) {
      // Removed meanwhile by a run.
      if (hasCode(error, 'ENOENT')) return 0;
      throw error;
    }
  };
  const walk = async (folder: string): Promise<number> => {
    const real = await realpath(folder);
    if (seen.has(real)) return 0;
    seen.add(real);
    let changed = await apply(folder, modes.folder);
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(folder, entry.name);
      if (entry.isFile()) changed += await apply(file, modes.file);
      else if (await isFolder(file)) changed += await walk(file);
    }
    return changed;
  };
  return await walk(root);
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() === true;
}
