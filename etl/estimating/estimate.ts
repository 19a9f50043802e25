import { MOST_SMALL_FILES } from '../sealing/absorb.ts';
import { MAX_SMALL_MANIFESTS } from '../table/merge-manifests.ts';
import type { Prices } from './prices.ts';
import {
  callsOf,
  type RunShape,
  type S3Requests,
  STAGES,
  type StageOfRun,
  s3Requests,
  segmentsOf,
  transitionsOf,
} from './requests.ts';

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

/** One line of the bill. */
export interface CostLine {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
}

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

/** Where a function's limit would not do. */
export interface Overrun {
  readonly stage: StageOfRun;
  readonly limit: 'disk' | 'time';
  readonly needs: number;
  readonly has: number;
}

/** What a day of a dataset costs and takes. */
export interface Estimate {
  readonly run: RunShape;
  readonly stages: readonly StageEstimate[];
  readonly runSeconds: number;
  /** Of all runs of the day, which follow one another; more than 86,400 are more than a day has. */
  readonly daySeconds: number;
  readonly lines: readonly CostLine[];
  readonly dollarsPerDay: number;
  /** What keeping the day's bytes costs in each month after it. */
  readonly storageDollarsPerMonth: number;
  readonly overruns: readonly Overrun[];
}

const GB = 1e9;
/** Bytes of keys' hashes for a byte of CSV: 8.0 a record (measured), of 88 in the file that the other figures are from. */
const KEYS_PER_BYTE = 0.091;
const MB_OF_A_CPU = 1769;
const DAYS_OF_A_MONTH = 30;
const FREE_DISK_MB = 512;

/**
 * Time and money for a day, by the requests that the stages make and the CPU seconds that were measured. Runs are
 * alike and nothing fails; a run's Silver overlaps no older keys; a changed month is half full on average.
 */
export function estimate(
  workload: Workload,
  {
    platform,
    prices,
    measured = MEASURED,
  }: { readonly platform: Platform; readonly prices: Prices; readonly measured?: Measured },
): Estimate {
  const run = shapeOf(workload, platform);
  const stages = STAGES.map((stage) => stageOf(stage, { workload, platform, measured, run }));
  const starts = startsOf(workload, platform, measured);
  const lines = linesOf({ workload, platform, prices, run, stages, starts });
  const keptGb = (workload.bytesPerDay * (1 + workload.silverPerByte + workload.goldPerByte)) / GB;
  const runSeconds = stages.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0);
  return {
    run,
    stages,
    runSeconds,
    daySeconds: runSeconds * workload.runsPerDay,
    lines,
    dollarsPerDay: lines.reduce((sum, { dollars }) => sum + dollars, 0),
    storageDollarsPerMonth: keptGb * prices.s3StorageGbMonth,
    overruns: stages.flatMap((stage) => overrunsOf(stage, platform)),
  };
}

function shapeOf(workload: Workload, { chunkBytes }: Platform): RunShape {
  const runBytes = workload.bytesPerDay / workload.runsPerDay;
  const files = Math.max(1, Math.round(workload.filesPerDay / workload.runsPerDay));
  const isCut = runBytes / files > chunkBytes;
  // Files are cut alike, one by one; smaller ones share a chunk.
  const chunks = isCut ? files * Math.ceil(runBytes / files / chunkBytes) : Math.ceil(runBytes / chunkBytes);
  const ranges = isCut ? chunks : 0;
  const silverFiles = chunks * segmentsOf(runBytes / chunks) * workload.monthsPerRun;
  const runsOfMonth = Math.min(workload.runsBefore, (workload.runsPerDay * DAYS_OF_A_MONTH) / 2);
  const runsBefore = Math.max(1, workload.runsBefore);
  const ledgerFiles = Math.min(MOST_SMALL_FILES, runsBefore);
  return {
    files,
    chunks,
    ranges,
    cutFiles: isCut ? files : 0,
    months: workload.monthsPerRun,
    silverFiles,
    ledgerFiles,
    ledgerManifests: ledgerFiles,
    // Now and then a run joins all of them: on average, each run one.
    absorbedFiles: ledgerFiles < MOST_SMALL_FILES ? 0 : 1,
    silverManifests: Math.min(MAX_SMALL_MANIFESTS, runsBefore),
    overlappingFiles: 0,
    goldTables: workload.goldTables,
    goldTablesWhole: Math.min(workload.goldTables, workload.goldTablesWhole ?? 0),
    goldInputFiles: Math.round(silverFiles * (1 + runsOfMonth)),
    goldWholeFiles: Math.round(silverFiles * (1 + workload.runsBefore)),
  };
}

/** Functions that a stage of a run starts. */
function callsOfStage(stage: StageOfRun, { chunks, ranges }: RunShape): number {
  if (stage === 'refine') return chunks;
  if (stage === 'survey') return ranges;
  return stage === 'align' && ranges === 0 ? 0 : 1;
}

interface StageParts {
  readonly workload: Workload;
  readonly platform: Platform;
  readonly measured: Measured;
  readonly run: RunShape;
}

function stageOf(stage: StageOfRun, { workload, platform, measured, run }: StageParts): StageEstimate {
  const calls = callsOfStage(stage, run);
  if (calls === 0)
    return {
      stage,
      calls,
      wallSeconds: 0,
      functionSeconds: 0,
      requests: { writes: 0, reads: 0, waits: 0 },
      diskBytes: 0,
    };
  const runGb = workload.bytesPerDay / workload.runsPerDay / GB;
  const gold = goldGb(workload, run, runGb);
  const work: Partial<Record<StageOfRun, number>> = {
    survey: (measured.surveyCpuSecondsPerGb * runGb) / calls,
    refine: (measured.refineCpuSecondsPerGb * runGb) / calls,
    seal: (run.chunks === 1 ? measured.sealCpuSecondsPerGb : measured.sealOfChunksCpuSecondsPerGb) * runGb,
    'refresh-gold': measured.goldCpuSecondsPerGb * gold.read,
  };
  const disk: Partial<Record<StageOfRun, number>> = {
    refine: (runGb * workload.silverPerByte) / calls,
    seal: sealGb(run.chunks, runGb, { workload, platform }),
    'refresh-gold': gold.kept * workload.silverPerByte,
  };
  const fileBytes = (runGb * workload.silverPerByte * GB) / run.silverFiles;
  const isOfData = stage === 'refine' || stage === 'seal' || stage === 'refresh-gold';
  const requests = s3Requests(callsOf(run)[stage], {
    read: isOfData ? fileBytes : 0,
    written: stage === 'refine' ? fileBytes : 0,
  });
  const cpus = platform.sizes[stage].memoryMb / MB_OF_A_CPU;
  const ofOne =
    measured.startSeconds + (requests.waits / calls) * measured.requestSeconds + (work[stage] ?? 0) / cpus;
  return {
    stage,
    calls,
    wallSeconds:
      ofOne * Math.ceil(calls / (stage === 'refine' || stage === 'survey' ? platform.concurrency : 1)),
    functionSeconds: ofOne * calls,
    requests,
    diskBytes: (disk[stage] ?? 0) * GB,
  };
}

/** Whether Athena compares the keys of a run with so much new Silver. */
const asksSets = (chunks: number, silverBytes: number, { setsFromBytes }: Platform): boolean =>
  chunks > 1 && setsFromBytes !== undefined && silverBytes >= setsFromBytes;

/** Bytes that Athena reads of a byte of Silver to compare its keys, at most: all columns of it once, and of its keys twice. */
const SETS_READ = 2;

/** Bytes that Athena reads in a day to compare keys. */
function setsBytes({ bytesPerDay, runsPerDay, silverPerByte }: Workload, platform: Platform, run: RunShape) {
  const silverBytes = bytesPerDay * silverPerByte;
  return asksSets(run.chunks, silverBytes / runsPerDay, platform) ? SETS_READ * silverBytes : 0;
}

/** Gigabytes on seal's disk: of several chunks the hashes of all keys, unless Athena compares them, and no more of Silver than a chunk has of CSV. */
function sealGb(
  chunks: number,
  runGb: number,
  { workload, platform }: Omit<StageParts, 'measured' | 'run'>,
): number {
  const silverGb = runGb * workload.silverPerByte;
  if (chunks === 1) return silverGb;
  if (asksSets(chunks, silverGb * GB, platform)) return platform.chunkBytes / GB;
  return Math.min(silverGb, platform.chunkBytes / GB) + runGb * KEYS_PER_BYTE;
}

/**
 * Gigabytes of CSV behind what refresh-gold of a run reads, all tables together, and behind what it keeps on its disk,
 * where tables that read the same files share them.
 */
function goldGb(workload: Workload, run: RunShape, runGb: number): { read: number; kept: number } {
  const { goldTables, silverPerByte, goldLookupBytes = 0 } = workload;
  const { goldTablesWhole = 0, goldWholeFiles = 0 } = run;
  const monthGb = (runGb * run.goldInputFiles) / run.silverFiles;
  const wholeGb = (runGb * goldWholeFiles) / run.silverFiles;
  const lookupGb = goldLookupBytes / GB / Math.max(silverPerByte, Number.EPSILON);
  const read = (goldTables - goldTablesWhole) * monthGb + goldTablesWhole * wholeGb;
  const kept = goldTablesWhole > 0 ? wholeGb : monthGb;
  return goldTables === 0 ? { read: 0, kept: 0 } : { read: read + lookupGb, kept: kept + lookupGb };
}

/** Each file that is dropped asks for a run: a list, the lease read and, when it is free, written. */
function startsOf(
  { filesPerDay, runsPerDay }: Workload,
  { sizes }: Platform,
  { requestSeconds, startSeconds }: Measured,
) {
  const requests = { writes: filesPerDay + runsPerDay, reads: filesPerDay };
  const seconds = filesPerDay * 2 * requestSeconds + runsPerDay * startSeconds;
  return { calls: filesPerDay, requests, seconds, size: sizes['start-run'] };
}

function linesOf(parts: {
  readonly workload: Workload;
  readonly platform: Platform;
  readonly prices: Prices;
  readonly run: RunShape;
  readonly stages: readonly StageEstimate[];
  readonly starts: ReturnType<typeof startsOf>;
}): CostLine[] {
  const { workload, platform, prices, run, stages, starts } = parts;
  const { runsPerDay } = workload;
  const daily = (pick: (stage: StageEstimate) => number): number =>
    runsPerDay * stages.reduce((sum, stage) => sum + pick(stage), 0);
  const gbOf = (size: FunctionSize): number => size.memoryMb / 1024;
  const diskOf = (size: FunctionSize): number => Math.max(0, size.diskMb - FREE_DISK_MB) / 1024;
  const writes = daily(({ requests }) => requests.writes) + starts.requests.writes + workload.filesPerDay;
  const reads = daily(({ requests }) => requests.reads) + starts.requests.reads;
  const gbSeconds =
    daily(({ stage, functionSeconds }) => functionSeconds * gbOf(platform.sizes[stage])) +
    starts.seconds * gbOf(starts.size);
  const diskGbSeconds = daily(
    ({ stage, functionSeconds }) => functionSeconds * diskOf(platform.sizes[stage]),
  );
  const calls = daily((stage) => stage.calls) + starts.calls;
  const transitions = runsPerDay * transitionsOf(run);
  const line = (what: string, quantity: number, unit: string, price: number): CostLine => ({
    what,
    quantity,
    unit,
    dollars: quantity * price,
  });
  const keptGb = (workload.bytesPerDay * (1 + workload.silverPerByte + workload.goldPerByte)) / GB;
  return [
    line('S3 writes and lists', writes, 'requests', prices.s3WritesPer1000 / 1000),
    line('S3 reads', reads, 'requests', prices.s3ReadsPer1000 / 1000),
    line('S3 storage of a day, for its first month', keptGb, 'GB-months', prices.s3StorageGbMonth),
    line('Lambda, memory', gbSeconds, 'GB-seconds', prices.lambdaGbSecond),
    line('Lambda, disk', diskGbSeconds, 'GB-seconds', prices.lambdaDiskGbSecond),
    line('Lambda, calls', calls, 'calls', prices.lambdaCallsPerMillion / 1e6),
    line('Step Functions', transitions, 'transitions', prices.stepFunctionsPer1000 / 1000),
    line('EventBridge', workload.filesPerDay, 'events', prices.eventBridgePerMillion / 1e6),
    line('CloudTrail data events', writes + reads, 'events', prices.cloudTrailPer100000 / 1e5),
    line('SNS and SQS, one alert', 1, 'alerts', (prices.snsPerMillion + prices.sqsPerMillion) / 1e6),
    line('Athena', workload.scannedBytesPerDay / 1e12, 'TB scanned', prices.athenaTb),
    line('Athena, comparing keys', setsBytes(workload, platform, run) / 1e12, 'TB scanned', prices.athenaTb),
  ];
}

function overrunsOf(
  { stage, calls, functionSeconds, diskBytes }: StageEstimate,
  { sizes }: Platform,
): Overrun[] {
  const { diskMb, timeoutSeconds } = sizes[stage];
  const has = diskMb * 1024 * 1024;
  const seconds = functionSeconds / calls;
  return [
    ...(diskBytes > has ? [{ stage, limit: 'disk' as const, needs: diskBytes, has }] : []),
    ...(seconds > timeoutSeconds
      ? [{ stage, limit: 'time' as const, needs: seconds, has: timeoutSeconds }]
      : []),
  ];
}
