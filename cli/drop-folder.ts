import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from 'chokidar';
import { ifPresent } from '../adapters/local/file-errors.ts';
import type { Links } from '../adapters/local/plain-file.ts';
import { ConfigError } from '../etl/errors.ts';
import { isSourceName } from '../etl/naming/bronze.ts';
import { parseDataset } from '../etl/naming/datasets.ts';
import { filesBelow } from './find-files.ts';

/** Names that programs give to files they are still writing, and hidden files: not looked at until they are renamed. */
const UNFINISHED = /^\.|~$|\.(part|partial|filepart|tmp|temp|crdownload|swp)$/i;

/** Waits this long between two looks at a file that is being written, at most. */
const POLL_MS = 200;

/** After a folder came, and then every so often, all is looked at once more. */
const LOOK_AGAIN_MS = { soon: 1000, always: 60_000 };

/** `DIR/spend/council_payments/2010-12.csv` → `spend.council_payments`; throws ConfigError where a file lies elsewhere. */
export function datasetOfDrop(drop: string, file: string): string {
  const parts = path.relative(drop, file).split(path.sep);
  const [domain = '', name = ''] = parts;
  if (parts.length !== 3) {
    throw new ConfigError(
      'DROP_PATH',
      `It lies outside of the folders that are watched: put it into ${path.join(drop, '<domain>', '<dataset>')}.`,
    );
  }
  parseDataset(`${domain}.${name}`);
  if (!isSourceName(path.basename(file))) {
    throw new ConfigError(
      'DROP_NAME',
      'It is not a .csv, .tsv, .txt, .dat, .psv, .jsonl, .ndjson, .xlsx or .zip file: rename it, or take it away.',
    );
  }
  return `${domain}.${name}`;
}

/** A file as it stands. */
export interface FileState {
  /** Changes when the file is written to. */
  readonly state: string;
  /** When it arrived there, or was last written. */
  readonly droppedMs: number;
}

/** A file as it stands; undefined where it is gone. */
export async function fileState(file: string): Promise<FileState | undefined> {
  const stats = await ifPresent(() => stat(file));
  if (stats?.isFile() !== true) return undefined;
  // Moving a file keeps its time of writing, so use its inode's, which changes.
  return { state: `${stats.size}:${stats.mtimeMs}`, droppedMs: stats.ctimeMs };
}

/** Every finished file of the drop folder, and what else is there but folders, once none was written to for `settleMs`. */
export async function settledFiles(
  drop: string,
  looking: { readonly exclude: string; readonly links: Links },
  settleMs: number,
): Promise<string[]> {
  const files: string[] = [];
  for (const file of await filesBelow(drop, looking)) {
    if (!UNFINISHED.test(path.basename(file)) && (await settle(file, settleMs))) files.push(file);
  }
  return files;
}

/** Waits until a file was not written to for `settleMs`; false where it went away meanwhile. */
async function settle(file: string, settleMs: number): Promise<boolean> {
  for (;;) {
    const stats = await ifPresent(() => lstat(file));
    if (stats === undefined) return false;
    if (!stats.isFile()) return true;
    const ageMs = Date.now() - stats.mtimeMs;
    if (ageMs >= settleMs) return true;
    // A time in the future gives no age: compare two looks.
    if (ageMs < 0) {
      await sleep(settleMs);
      if ((await fileState(file))?.state === `${stats.size}:${stats.mtimeMs}`) return true;
    } else await sleep(settleMs - ageMs);
  }
}

/** Callbacks of a watch. */
interface DropListener {
  /** A file came, or was replaced, and was not written to for a while. */
  onFile(file: string): void;
  onError(error: unknown): void;
}

/**
 * Watches a folder for finished files and links, including those there already; looks behind links only where they are
 * followed. Reads each folder before watching it. Looks again from time to time, because some file systems don't report
 * every change.
 */
export function watchDrops(
  drop: string,
  { settleMs, ...looking }: { readonly settleMs: number; readonly links: Links; readonly exclude: string },
  { onFile, onError }: DropListener,
): { close(): Promise<void> } {
  const watcher = watch(drop, {
    followSymlinks: looking.links === 'follow',
    ignored: (file) => file !== drop && UNFINISHED.test(path.basename(file)),
    awaitWriteFinish: {
      stabilityThreshold: settleMs,
      pollInterval: Math.min(POLL_MS, Math.ceil(settleMs / 4)),
    },
  });
  const told = new Set<string>();
  const tell = (file: string): void => {
    told.add(file);
    onFile(file);
  };
  watcher.on('add', tell);
  watcher.on('change', tell);
  watcher.on('unlink', (file) => told.delete(file));
  watcher.on('error', onError);
  const looks = repeatedLooks(async () => {
    for (const file of await settledFiles(drop, looking, settleMs)) if (!told.has(file)) tell(file);
  }, onError);
  watcher.on('addDir', looks.soon);
  return {
    close: async () => {
      looks.end();
      await watcher.close();
    },
  };
}

/** Looks every so often, and a moment after the last time that it was asked to; never twice at once. */
function repeatedLooks(
  look: () => Promise<void>,
  onError: (error: unknown) => void,
): { soon(): void; end(): void } {
  let looking: Promise<void> = Promise.resolve();
  const begin = (): void => {
    looking = looking.then(look).catch(onError);
  };
  const always = setInterval(begin, LOOK_AGAIN_MS.always);
  let next: NodeJS.Timeout | undefined;
  return {
    soon: () => {
      clearTimeout(next);
      next = setTimeout(begin, LOOK_AGAIN_MS.soon);
    },
    end: () => {
      clearInterval(always);
      clearTimeout(next);
    },
  };
}
