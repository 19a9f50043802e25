import { readFileSync, writeFileSync } from 'node:fs';

/**
 * From now on the kernel remembers the most memory anew (Linux: `clear_refs`). Throws where it can't: a peak of an
 * earlier piece of work would count for a later one.
 */
export function restartPeakMemory(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

/** The most resident memory of this process since `restartPeakMemory`, in bytes. */
export function peakMemory(): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (kib === undefined) throw new Error('This needs Linux: /proc/self/status says no VmHWM.');
  return Number(kib) * 1024;
}
