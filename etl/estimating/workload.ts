import type { S3Requests, StageOfRun } from './requests.ts';

/** What a dataset brings in a day. */
export interface Workload {
  readonly bytesPerDay: number;
  readonly filesPerDay: number;
  readonly runsPerDay: number;
  /** Months that one run's records fall into. */
  readonly monthsPerRun: number;
  readonly goldTables: number;
  /** Those of them that read all of the dataset each time, and not the months alone that a run changed. */
  readonly goldTablesWhole?: number;
  /** Bytes of other datasets' Silver, such as lookup tables, that Gold reads whole in each run. */
  readonly goldLookupBytes?: number;
  /** Gold tables that no set engine can make, and why; asked of nobody unless given. */
  readonly goldByDuckDb?: readonly { readonly report: string; readonly why: string }[];
  /** Runs before this day: each left a file in the ledger. */
  readonly runsBefore: number;
  /** Bytes that analysts' queries scan in a day. */
  readonly scannedBytesPerDay: number;
  /** Bytes of Silver and Gold for each byte of CSV. */
  readonly silverPerByte: number;
  readonly goldPerByte: number;
}

/** Memory, disk and time that a stage's function has. */
export interface FunctionSize {
  readonly memoryMb: number;
  readonly diskMb: number;
  readonly timeoutSeconds: number;
}

/** The platform that it runs on. */
export interface Platform {
  readonly sizes: Readonly<Record<StageOfRun | 'start-run', FunctionSize>>;
  /** Chunks that are worked on at once. */
  readonly concurrency: number;
  readonly chunkBytes: number;
  /** From so many bytes of Silver on, the keys of a run of several chunks are compared by Athena; never where absent. */
  readonly setsFromBytes?: number;
}

/** What was measured, or assumed where it can't be measured without AWS. */
export interface Measured {
  /** CPU seconds for a GB of CSV. */
  readonly refineCpuSecondsPerGb: number;
  readonly sealCpuSecondsPerGb: number;
  /** Instead, where a run has several chunks: their keys are compared. */
  readonly sealOfChunksCpuSecondsPerGb: number;
  /** Of files that are cut. */
  readonly surveyCpuSecondsPerGb: number;
  /** The same for a GB of CSV of the months that a Gold table is made anew for. */
  readonly goldCpuSecondsPerGb: number;
  /** Assumed: starting a function that isn't warm, and a small request to S3. */
  readonly startSeconds: number;
  readonly requestSeconds: number;
}

/** docs/benchmarks.md and docs/cost.md say how they were measured; the last two are assumed. */
export const MEASURED: Measured = {
  refineCpuSecondsPerGb: 31.8,
  sealCpuSecondsPerGb: 2.3,
  sealOfChunksCpuSecondsPerGb: 10.5,
  surveyCpuSecondsPerGb: 3.1,
  goldCpuSecondsPerGb: 87,
  startSeconds: 2,
  requestSeconds: 0.1,
};

/** What one stage of one run takes. */
export interface StageEstimate {
  readonly stage: StageOfRun;
  /** Functions that it starts. */
  readonly calls: number;
  /** Seconds from its begin to its end, and those of all its functions together. */
  readonly wallSeconds: number;
  readonly functionSeconds: number;
  readonly requests: S3Requests;
  /** On the disk of one function. */
  readonly diskBytes: number;
}
