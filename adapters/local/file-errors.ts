import { ConfigError, DataError, messageOf, TransientError } from '../../etl/errors.ts';

/** Passing trouble of a disk or a mount, and what a person can do about it. */
const TRANSIENT: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free space, then run again.',
  EDQUOT: 'The disk quota is used up: free space, then run again.',
  EIO: 'The disk or mount reported an input/output error: check it, then run again.',
  EBUSY: 'The file is in use: run again.',
  EAGAIN: 'The system is short of resources: run again.',
  ENOMEM: 'The system is short of memory: run again.',
  EMFILE: 'Too many files are open: run again, or raise the limit (ulimit -n).',
  ENFILE: 'Too many files are open on this machine: run again.',
  ETIMEDOUT: 'The mount did not answer in time: check it, then run again.',
  ESTALE: 'The network mount lost the file: check it, then run again.',
};

/** What only a person can change. */
const CONFIG: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied: give this user access to the folder.',
  EPERM:
    'The system does not permit it: give this user access to the folder, and keep the lake on a file system with hard links (ext4, xfs, APFS …).',
  EROFS: 'The file system is read-only: mount it writable, or choose another folder.',
  ENOTSUP: 'The file system lacks hard links: keep the lake on ext4, xfs, APFS or the like.',
  EXDEV: 'The lake spans two file systems: keep it on one.',
  EISDIR: 'There is a folder where a file should be: move it away.',
  EEXIST: 'Something else has that name: move it away.',
  ENOTDIR: 'There is a file where a folder should be: move it away.',
  ENAMETOOLONG: 'The name is too long for this file system: shorten it.',
  ELOOP: 'Symbolic links go round in circles: remove one.',
};

/** Whether an error is a system error with one of these codes, e.g. `EEXIST`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = codeOf(error);
  return code !== undefined && codes.includes(code);
}

/**
 * The error in Assay's four kinds: TransientError for what may pass (ENOSPC, EIO …), ConfigError for
 * what a person must change (EACCES, EROFS …), DataError for a missing file; anything else as it came.
 * `doing` completes "Failed <doing>", e.g. `writing ops/a.json`.
 */
export function storageError(error: unknown, doing: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const details = { context: { systemCode: code }, cause: error };
  const text = (advice: string): string => `Failed ${doing} (${code}). ${advice}`;
  const transient = TRANSIENT[code];
  if (transient !== undefined) return new TransientError('STORAGE_UNAVAILABLE', text(transient), details);
  const config = CONFIG[code];
  if (config !== undefined) return new ConfigError('STORAGE_REFUSED', text(config), details);
  if (code === 'ENOENT') return new DataError('NOT_FOUND', text(`${messageOf(error)}.`), details);
  return error;
}

/** What `work` returns; what it throws goes through `storageError`. */
export async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, doing);
  }
}

/** What `work` returns, or undefined where the file, or a folder on its way, doesn't exist. */
export async function ifPresent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** By shape and not `instanceof`, which fails between realms (Jest, worker_threads, vm). */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('syscall' in error && 'code' in error))
    return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
