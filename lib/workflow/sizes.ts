import { CHUNKS_AT_ONCE } from '../config/chunks-at-once.ts';
import type { FunctionName } from './access/functions-access.ts';

/** How much of Lambda a function gets. */
export interface Size {
  /** 1,769 MB are one virtual CPU; DuckDB gets two thirds of it. */
  readonly memoryMb: number;
  /** Local disk: what DuckDB reads, writes and spills. */
  readonly diskMb: number;
  readonly timeoutSeconds: number;
  /** Executions at once, set aside for it and its limit. */
  readonly concurrency: number;
  /** Whether it is given the layer with DuckDB. */
  readonly hasDuckDb: boolean;
}

const TWO_CPUS_MB = 3538;
const ONE_CPU_MB = 1769;

/** Runs of different datasets that are so at the same time without waiting for one another. */
const RUNS_AT_ONCE = 2;

const duckDb = (memoryMb: number, diskMb: number, concurrency: number, timeoutSeconds = 900): Size => ({
  memoryMb,
  diskMb,
  concurrency,
  timeoutSeconds,
  hasDuckDb: true,
});

const light = (memoryMb: number, concurrency: number, timeoutSeconds: number): Size => ({
  memoryMb,
  diskMb: 512,
  concurrency,
  timeoutSeconds,
  hasDuckDb: true,
});

/**
 * Sizes by what a stage holds: refine has segments of 48 MiB in memory and a chunk's Parquet, or an unpacked file, on
 * disk; seal has the hashes of a run's keys and some of its files, rewrite some files and what takes their place, refresh-gold a table's files; the others read
 * documents. Time limits are those of the state machine.
 */
export const SIZES: Readonly<Record<FunctionName, Size>> = {
  // A file lies on its disk as it goes to Bronze, several times as large as it came.
  protect: duckDb(TWO_CPUS_MB, 10_240, 10),
  plan: duckDb(ONE_CPU_MB, 1024, 5),
  survey: light(ONE_CPU_MB, CHUNKS_AT_ONCE * RUNS_AT_ONCE, 900),
  align: light(ONE_CPU_MB, 5, 900),
  refine: duckDb(TWO_CPUS_MB, 10_240, CHUNKS_AT_ONCE * RUNS_AT_ONCE),
  seal: duckDb(TWO_CPUS_MB, 10_240, 5),
  // It is rare that a run needs it: two at once wait for one another.
  rewrite: duckDb(TWO_CPUS_MB, 10_240, CHUNKS_AT_ONCE),
  gate: duckDb(ONE_CPU_MB, 4096, 5),
  hold: light(512, 5, 300),
  promote: light(ONE_CPU_MB, 5, 900),
  'refresh-gold': duckDb(TWO_CPUS_MB, 10_240, 5),
  sweep: duckDb(ONE_CPU_MB, 1024, 5, 300),
  'record-failure': light(512, 5, 300),
  'note-failure': light(512, 5, 300),
  'start-run': light(512, 10, 300),
  'relay-alert': { ...light(256, 2, 30), hasDuckDb: false },
  'reconcile-catalog': light(512, 1, 300),
  'check-health': duckDb(ONE_CPU_MB, 1024, 1, 300),
  tend: duckDb(TWO_CPUS_MB, 4096, 1),
  // It lists and removes, and reads no data.
  erase: light(512, 2, 60),
  // The gateway ends a request after 30 s; a file that was uploaded may take longer to be brought in.
  service: duckDb(TWO_CPUS_MB, 10_240, 10, 120),
};

/** What an account allows, as the settings of a deployment say. */
export interface Limits {
  /** MB of memory that a function may have; as SIZES says where it is absent. */
  readonly maxMemoryMb?: number;
  /** Chunks of one run that are worked on at once. */
  readonly chunksAtOnce: number;
}

/** A function's size as it is deployed: within what the account allows. */
export function sizeOf(name: FunctionName, { maxMemoryMb, chunksAtOnce }: Limits): Size {
  const size = SIZES[name];
  const isOfChunks = name === 'refine' || name === 'survey';
  const ofChunks = isOfChunks ? chunksAtOnce * RUNS_AT_ONCE : chunksAtOnce;
  return {
    ...size,
    memoryMb: Math.min(size.memoryMb, maxMemoryMb ?? size.memoryMb),
    concurrency: isOfChunks || name === 'rewrite' ? ofChunks : size.concurrency,
  };
}
