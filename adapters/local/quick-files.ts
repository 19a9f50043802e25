import * as now from 'node:fs';
import * as later from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A file of as many bytes is read where it is wanted, not on another thread. */
export const SMALL_BYTES = 64 * 1024;

/** So long others may have to wait for their turn, amid calls that are made at once. */
const TURN_MS = 10;

/** A call that takes longer on average is made on another thread. */
const SLOW_MS = 0.5;

/** How much one call weighs in the average, and what it counts for at most: many slow ones do, one that the system kept waiting does not. */
const WEIGHT = 0.01;
const MOST_MS = 5;

/** So many calls are made on other threads before it is tried again. */
const SLOW_CALLS = 10_000;

let lastTurnMs = 0;
let averageMs = 0;
let slowCalls = 0;

/**
 * A call of the file system that is made at once, since it takes 2 to 10 µs, and handing it to another thread and back 30
 * to 70; where a disk or a mount is slow, it is handed on all the same. Timers, signals and requests have their turn between.
 */
export function quick<A extends unknown[], R>(
  atOnce: (...args: A) => R,
  onThread: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    if (slowCalls > 0) {
      slowCalls--;
      return await onThread(...args);
    }
    if (performance.now() - lastTurnMs > TURN_MS) {
      await nextTurn();
      lastTurnMs = performance.now();
    }
    const startMs = performance.now();
    try {
      return atOnce(...args);
    } finally {
      noteMs(performance.now() - startMs);
    }
  };
}

function noteMs(ms: number): void {
  averageMs += (Math.min(ms, MOST_MS) - averageMs) * WEIGHT;
  if (averageMs < SLOW_MS) return;
  averageMs = 0;
  slowCalls = SLOW_CALLS;
}

/** What is known of a file, or of what a link leads to. */
export const stat = quick(
  (file: string) => now.statSync(file),
  (file) => later.stat(file),
);

/** The same to the nanosecond. */
export const exactStat = quick(
  (file: string) => now.statSync(file, { bigint: true }),
  (file) => later.stat(file, { bigint: true }),
);

/** What is known of a file that may be a link. */
export const lstat = quick(
  (file: string) => now.lstatSync(file),
  (file) => later.lstat(file),
);

/** The same to the nanosecond. */
export const exactLstat = quick(
  (file: string) => now.lstatSync(file, { bigint: true }),
  (file) => later.lstat(file, { bigint: true }),
);

/** The bytes of a file; of a large one they are always read on another thread. */
export async function readFile(file: string): Promise<Uint8Array> {
  const { size } = await stat(file);
  return await (size > SMALL_BYTES ? later.readFile(file) : readSmallFile(file));
}
const readSmallFile = quick(
  (file: string): Uint8Array => now.readFileSync(file),
  (file) => later.readFile(file),
);

/** A path without links. */
export const realpath = quick(
  (file: string) => now.realpathSync.native(file),
  (file) => later.realpath(file),
);

/** Opens a file; whoever does closes it. */
export const open = quick((file: string, flags: number) => now.openSync(file, flags), promisify(now.open));

/** What is known of an open file, to the nanosecond. */
export const openStat = quick(
  (handle: number) => now.fstatSync(handle, { bigint: true }),
  (handle) => readStat(handle, { bigint: true }),
);
const readStat = promisify(now.fstat);

/** Reads up to so many bytes of an open file from a place on into a buffer; returns how many there were. Of few bytes. */
export const read = quick(
  (handle: number, buffer: Uint8Array, start: number) =>
    now.readSync(handle, buffer, 0, buffer.length, start),
  (handle, buffer, start) => readOnThread(handle, buffer, start),
);

/** The same of many bytes, always on another thread. */
export async function readOnThread(handle: number, buffer: Uint8Array, start: number): Promise<number> {
  return (await readInto(handle, buffer, 0, buffer.length, start)).bytesRead;
}
const readInto = promisify(now.read);

/** Closes a file. */
export const close = quick((handle: number) => now.closeSync(handle), promisify(now.close));
