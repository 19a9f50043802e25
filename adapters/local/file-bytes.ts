import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { TransientError } from '../../etl/errors.ts';
import type { ByteRange } from '../../etl/ports.ts';
import { guarded } from './file-errors.ts';
import { isShared } from './lake-modes.ts';
import { type Links, openPlainFile } from './plain-file.ts';
import { close, exactStat, open, openStat, read, readOnThread, SMALL_BYTES } from './quick-files.ts';

/** Large enough to read at the disk's speed, small enough to hold several. */
const PIECE_BYTES = 1024 * 1024;

/** What stat says of a file's bytes without reading them. `ctimeNs` changes with every write and can't be set. */
export interface Fingerprint {
  readonly sizeBytes: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly inode: string;
}

/** A file's digest and what stat said of it all the while. */
export interface HashedFile {
  /** SHA-256, 64 lower-case hex digits. */
  readonly digest: string;
  readonly fingerprint: Fingerprint;
}

/** A file's fingerprint now. */
export async function fingerprintOf(file: string): Promise<Fingerprint> {
  return fingerprintFrom(await exactStat(file));
}

function fingerprintFrom(stats: BigIntStats): Fingerprint {
  return {
    sizeBytes: String(stats.size),
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
    inode: String(stats.ino),
  };
}

/** Whether two fingerprints are the same: then the bytes are, too. */
export function sameFingerprint(one: Fingerprint, other: Fingerprint): boolean {
  return one.ctimeNs === other.ctimeNs && !isWritten(one, other);
}

/** Whether a file was written to or replaced between two fingerprints; giving it a second name is neither. */
function isWritten(before: Fingerprint, after: Fingerprint): boolean {
  return (
    before.sizeBytes !== after.sizeBytes || before.mtimeNs !== after.mtimeNs || before.inode !== after.inode
  );
}

/**
 * The bytes of a file as long as it is now, or of an end-exclusive range of it, in order and in pieces of 1 MiB at most;
 * `what` names it in errors. A piece is good until the next is asked for.
 */
export async function* readPieces(
  file: string,
  what: string,
  range: ByteRange = { start: 0 },
): AsyncGenerator<Uint8Array> {
  // Not even a pipe that took the file's place keeps the thread waiting.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const handle = await guarded(`reading ${what}`, () => open(file, flags));
  try {
    const { size } = await guarded(`reading ${what}`, () => openStat(handle));
    const end = Math.min(range.end ?? Number.POSITIVE_INFINITY, Number(size));
    yield* piecesOf(handle, what, { start: range.start, end });
  } finally {
    await close(handle);
  }
}

/** Two buffers take turns, the next being filled meanwhile: a piece is good until the next but one is asked for. */
async function* piecesOf(
  handle: number,
  what: string,
  { start, end }: Required<ByteRange>,
): AsyncGenerator<Uint8Array> {
  // Small buffers for small files: ten thousand large ones would keep the garbage collector busy.
  const pieceBytes = Math.max(0, Math.min(PIECE_BYTES, end - start));
  const readPiece = pieceBytes > SMALL_BYTES ? readOnThread : read;
  let position = start;
  const fill = async (buffer: Buffer): Promise<Uint8Array> => {
    const wanted = Math.min(pieceBytes, end - position);
    if (wanted <= 0) return buffer.subarray(0, 0);
    const length = await readPiece(handle, buffer.subarray(0, wanted), position);
    position += length;
    return buffer.subarray(0, length);
  };
  const one = Buffer.allocUnsafeSlow(pieceBytes);
  let filling = fill(one);
  try {
    const other = Buffer.allocUnsafeSlow(end - start > pieceBytes ? pieceBytes : 0);
    for (let next = other; ; next = next === one ? other : one) {
      const piece = await guarded(`reading ${what}`, () => filling);
      if (piece.length === 0) return;
      filling = fill(next);
      // A failure is thrown where the piece would have come; until then it must not count as unhandled.
      filling.catch(() => undefined);
      yield piece;
    }
  } finally {
    await filling.catch(() => undefined);
  }
}

/**
 * Reads a whole file for its digest, handing each piece to `take` on the way. Throws TransientError
 * 'FILE_CHANGING' where the file was written to or replaced meanwhile: the digest would mean nothing; ConfigError
 * 'NOT_PLAIN' for what is no file, or a link where those are refused.
 */
export async function hashFile(
  file: string,
  take: (piece: Uint8Array) => Promise<void> = async () => undefined,
  links: Links = 'follow',
): Promise<HashedFile> {
  const { handle, stats } = await openPlainFile(file, links);
  const hash = createHash('sha256');
  try {
    const fingerprint = fingerprintFrom(stats);
    for await (const piece of piecesOf(handle, file, { start: 0, end: Number(stats.size) })) {
      const taken = take(piece);
      hash.update(piece);
      await taken;
    }
    // By its name and not the open file: another may have taken its place.
    if (!isWritten(fingerprint, await fingerprintOf(file)))
      return { digest: hash.digest('hex'), fingerprint };
  } finally {
    await close(handle);
  }
  throw new TransientError(
    'FILE_CHANGING',
    `${file} changed while it was read: wait until it is complete, then run again.`,
    { context: { file } },
  );
}

/** Copies a file to a new one, durably, with a mode and a time of modification, and returns what `hashFile` does of the source. */
export async function copyHashed(
  source: string,
  target: string,
  {
    modifiedMs,
    mode,
    links,
  }: { readonly modifiedMs: number; readonly mode: number; readonly links?: Links | undefined },
): Promise<HashedFile> {
  const handle = await openHandle(target, 'wx', mode);
  try {
    const hashed = await hashFile(source, (piece) => handle.writeFile(piece), links);
    if (isShared(mode)) await handle.chmod(mode);
    // Half a millisecond more: in seconds, a whole one may become a little less.
    const seconds = (modifiedMs + 0.5) / 1000;
    await handle.utimes(seconds, seconds);
    await handle.sync();
    return hashed;
  } finally {
    await handle.close();
  }
}
