import { MOST_SMALL_FILES } from '../sealing/absorb.ts';
import { MAX_SMALL_MANIFESTS } from '../table/merge-manifests.ts';
import { billOf, type CostLine } from './bill.ts';
import type { Prices } from './prices.ts';
import { callsOf, type RunShape, STAGES, type StageOfRun, s3Requests, segmentsOf } from './requests.ts';
import { asksSets } from './sets-read.ts';
import { MEASURED, type Measured, type Platform, type StageEstimate, type Workload } from './workload.ts';

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
  const lines = billOf({ workload, platform, measured, prices, run, stages });
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
