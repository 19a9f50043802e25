import { readFileSync } from 'node:fs';

/** What became of the records of a file. */
export interface RecordCounts {
  /** Data records, parsable or not. */
  readonly rows: number;
  readonly silver: number;
  readonly rejected: number;
  /** Of the rejected, the second copies; absent where the contender looks for none. */
  readonly duplicates?: number | undefined;
}

/** What a contender prints, as JSON on the last line of its standard output. */
export interface Measurement extends RecordCounts {
  /** From before the first byte is read until the result stands, without the start of the process. */
  readonly durationMs: number;
  /** User and system time of all threads over the same span. */
  readonly cpuMs: number;
  /** Highest resident memory of the process since it started. */
  readonly peakRssBytes: number;
}

/** Runs the work and returns its counts with what it cost this process. */
export async function measure(work: () => Promise<RecordCounts>): Promise<Measurement> {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const counts = await work();
  const cpu = process.cpuUsage(startCpu);
  const durationMs = performance.now() - startMs;
  return {
    ...counts,
    durationMs: Math.round(durationMs),
    cpuMs: Math.round((cpu.user + cpu.system) / 1000),
    peakRssBytes: peakRssBytes(),
  };
}

/**
 * This process's highest resident memory. Linux's VmHWM where there is one, since there
 * getrusage's figure starts with the parent's memory at the fork.
 */
function peakRssBytes(): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kib !== undefined) return Number(kib) * 1024;
  } catch {
    // No /proc: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
