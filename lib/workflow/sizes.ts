import type { FunctionName } from './access.ts';

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
 * disk; seal and refresh-gold read a table's files back; the others read documents. Time limits are those of the state
 * machine.
 */
export const SIZES: Readonly<Record<FunctionName, Size>> = {
  plan: duckDb(ONE_CPU_MB, 1024, 5),
  survey: light(ONE_CPU_MB, 40, 900),
  align: light(ONE_CPU_MB, 5, 900),
  refine: duckDb(TWO_CPUS_MB, 10_240, 40),
  seal: duckDb(TWO_CPUS_MB, 10_240, 5),
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
};
