import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a lake, and the process that works on it, have come to. */
export interface Aged {
  readonly runs: number;
  readonly bytes: number;
  readonly files: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Measures the lake's folder and this process. */
export function measureAge(root: string, runs: number): Aged {
  const wallMs = performance.now();
  const { user, system } = process.cpuUsage();
  return {
    runs,
    ...sizeOf(root),
    wallMs,
    cpuMs: (user + system) / 1000,
    residentBytes: process.memoryUsage.rss(),
  };
}

/** Bytes and number of all files below a folder, hidden ones included. */
function sizeOf(folder: string): { bytes: number; files: number } {
  let [bytes, files] = [0, 0];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += statSync(join(entry.parentPath, entry.name)).size;
    files += 1;
  }
  return { bytes, files };
}
