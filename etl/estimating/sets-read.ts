import type { RunShape } from './requests.ts';
import type { Platform, Workload } from './workload.ts';

/** Whether Athena compares the keys of a run with so much new Silver. */
export const asksSets = (chunks: number, silverBytes: number, { setsFromBytes }: Platform): boolean =>
  chunks > 1 && setsFromBytes !== undefined && silverBytes >= setsFromBytes;

/** Bytes that Athena reads of a byte of Silver to compare its keys, at most: all columns of it once, and of its keys twice. */
const SETS_READ = 2;

/** Bytes that Athena reads in a day to compare keys. */
export function setsBytes(
  { bytesPerDay, runsPerDay, silverPerByte }: Workload,
  platform: Platform,
  run: RunShape,
) {
  const silverBytes = bytesPerDay * silverPerByte;
  return asksSets(run.chunks, silverBytes / runsPerDay, platform) ? SETS_READ * silverBytes : 0;
}
