import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Linux's file system in memory, and the number by which statfs(2) knows it. */
const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
/** All tests at once take less than a quarter of this. */
const NEEDED_BYTES = 4 * 1024 ** 3;

/**
 * Has this process, and those that it starts from now on, make temporary files in memory: a folder of their own, removed
 * when this process ends. A test lake waits for the disk with each of its hundreds of small durable writes; no test asks
 * what a loss of power would leave, and a killed process leaves the same here as there. Nothing changes where the machine
 * has no such file system, or one with less than 4 GiB, or where TMPDIR says where temporary files are to lie.
 */
export function keepTempInMemory() {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return;
  const folder = mkdtempSync(path.join(MEMORY, 'assay-tests-'));
  // PostgreSQL runs as a user of its own, in a folder of this one that it may not list.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
}

function hasRoom() {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY);
    const available = Number(/^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
    return type === TMPFS && bavail * bsize >= NEEDED_BYTES && available * 1024 >= 2 * NEEDED_BYTES;
  } catch {
    return false;
  }
}
