import { type BigIntStats, constants, type Stats } from 'node:fs';
import { type FileHandle, open as openHandle } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import { hasCode, ifPresent } from './file-errors.ts';
import { close, lstat, open, openStat, realpath, stat } from './quick-files.ts';

/** What to do with links among source files: whoever may drop a file could have any file read that this process may. */
export type Links = 'refuse' | 'follow';

/** How a source file was found. */
export interface FoundFile {
  readonly links: Links;
  /** The folder that was looked through; absent where a person named the file itself. */
  readonly below?: string;
}

/**
 * Why a path is refused as a source file: it is no regular file or, where links are refused, is a link, lies behind one
 * or has a second name. Undefined where accepted.
 */
export async function plainProblem(file: string, { links, below }: FoundFile): Promise<string | undefined> {
  const own = await lstat(file);
  const stats = links === 'follow' && own.isSymbolicLink() ? await ifPresent(() => stat(file)) : own;
  if (stats === undefined) return 'is a link that leads to nothing';
  if (stats.isSymbolicLink())
    return below === undefined
      ? 'is a link: name the file or folder that it leads to, or add --follow-links'
      : `is a link${FOLLOW}`;
  if (!stats.isFile()) return 'is no regular file';
  if (links === 'follow' || below === undefined) return undefined;
  if (stats.nlink > 1) return `has a second name, a hard link${FOLLOW}`;
  return (await isBehindLink(file, below)) ? `lies behind a link${FOLLOW}` : undefined;
}

const FOLLOW = ', and links are not followed: drop the file itself, or add --follow-links';

/** Whether a folder between `below` and the file is a link. */
async function isBehindLink(file: string, below: string): Promise<boolean> {
  const [folder, root] = await Promise.all([realpath(path.dirname(file)), realpath(below)]);
  return folder !== path.resolve(root, path.relative(below, path.dirname(file)));
}

/** Throws ConfigError `NOT_PLAIN` where plainProblem has one. */
export async function requirePlain(file: string, found: FoundFile): Promise<void> {
  const problem = await plainProblem(file, found);
  if (problem !== undefined) throw notPlain(file, problem);
}

/**
 * Opens a regular file for reading. Throws ConfigError `NOT_PLAIN` where it became something else since it was looked
 * at; never waits for a pipe's writer.
 */
export async function openPlain(file: string, links: Links): Promise<FileHandle> {
  const handle = await openHandle(file, flagsOf(links)).catch((error: unknown) => refuseLink(file, error));
  const stats: Stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw notRegular(file);
}

/** The same for reading it whole; whoever asked closes the handle. */
export async function openPlainFile(
  file: string,
  links: Links,
): Promise<{ readonly handle: number; readonly stats: BigIntStats }> {
  const handle = await open(file, flagsOf(links)).catch((error: unknown) => refuseLink(file, error));
  const stats = await openStat(handle);
  if (stats.isFile()) return { handle, stats };
  await close(handle);
  throw notRegular(file);
}

const flagsOf = (links: Links): number =>
  constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (links === 'refuse' ? (constants.O_NOFOLLOW ?? 0) : 0);

function refuseLink(file: string, error: unknown): never {
  throw hasCode(error, 'ELOOP') ? notPlain(file, `is a link${FOLLOW}`) : error;
}

const notRegular = (file: string): ConfigError => notPlain(file, 'is no regular file');

function notPlain(file: string, problem: string): ConfigError {
  return new ConfigError('NOT_PLAIN', `${file} ${problem}.`, { context: { file } });
}
