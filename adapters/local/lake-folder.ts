import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import { ensureFolder, writeSynced } from './durable-file.ts';
import { MODES, type Modes, type Share } from './lake-modes.ts';
import { ownedName } from './owner.ts';

/** Name of the file that makes a folder a lake; it holds a secret and is no object. */
export const LAKE_FILE = 'assay-lake.json';

/** Where things lie in a lake's folder. Everything that starts with a dot is the adapter's own. */
export interface LakeFolder {
  /** Absolute path of the lake. */
  readonly root: string;
  /** Path of an object; throws ConfigError for a key that could leave the lake or reach hidden files. */
  keyPath(key: string): string;
  /** Folder of a key's committed versions. */
  versionsPath(key: string): string;
  /** File that remembers a key's digest. */
  digestPath(key: string): string;
  /** Folder under which scratch spaces lie. */
  readonly scratchRoot: string;
  /** Folder of files being written. */
  readonly tempRoot: string;
  /** A fresh path in the lake's file system for a file being written; its folder exists. */
  tempPath(): Promise<string>;
  /** A new temporary file holding these bytes, on the disk already. */
  writeTemp(bytes: Uint8Array): Promise<string>;
  /** Modes of what is written. */
  readonly modes: Modes;
  /** Creates a folder of the lake and its missing parents, durably. */
  ensureFolder(folder: string): Promise<void>;
}

/** The lake at a folder, whose files are its owner's alone unless it is shared; touches nothing yet. */
export function lakeFolder(folder: string, share: Share = 'nobody'): LakeFolder {
  const modes = MODES[share];
  const ensure = (one: string): Promise<void> => ensureFolder(one, modes.folder);
  const root = path.resolve(folder);
  const tempRoot = path.join(root, '.tmp');
  const under = (top: string, key: string): string => path.join(root, top, ...segmentsOf(key));
  const tempPath = async (): Promise<string> => {
    await ensure(tempRoot);
    return path.join(tempRoot, ownedName('put'));
  };
  return {
    root,
    tempRoot,
    scratchRoot: path.join(root, '.scratch'),
    keyPath: (key) => under('', key),
    versionsPath: (key) => under('.versions', key),
    digestPath: (key) => digestPath(under('.digests', key), path.join(root, '.digests')),
    tempPath,
    modes,
    ensureFolder: ensure,
    async writeTemp(bytes) {
      const file = await tempPath();
      await writeSynced(file, bytes, modes.file);
      return file;
    },
  };
}

/** Beside those of the object's folder; where no name is left for it, by a digest of its own. */
function digestPath(file: string, top: string): string {
  const name = `${path.basename(file)}.json`;
  if (Buffer.byteLength(name) <= 255) return path.join(path.dirname(file), name);
  return path.join(top, `${createHash('sha256').update(file).digest('hex')}.json`);
}

/** A key's parts; refuses what a file system could read as more than a name below the lake. */
function segmentsOf(key: string): string[] {
  const segments = key.split('/');
  const bad = segments.some(
    (segment) =>
      segment === '' || segment.startsWith('.') || segment.includes(path.sep) || segment.includes('\0'),
  );
  if (bad || key === LAKE_FILE) {
    throw new ConfigError(
      'KEY_REFUSED',
      `'${key}' can't be a key: write parts separated by single slashes, none empty or starting with a dot.`,
      { context: { key } },
    );
  }
  return segments;
}
