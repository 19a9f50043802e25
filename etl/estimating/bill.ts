import type { Prices } from './prices.ts';
import { type RunShape, transitionsOf } from './requests.ts';
import { setsBytes } from './sets-read.ts';
import type { FunctionSize, Measured, Platform, StageEstimate, Workload } from './workload.ts';

/** One line of the bill. */
export interface CostLine {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
}

const GB = 1e9;
const FREE_DISK_MB = 512;

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

/** What a day's bill is made of. */
export interface BilledDay {
  readonly workload: Workload;
  readonly platform: Platform;
  readonly measured: Measured;
  readonly prices: Prices;
  readonly run: RunShape;
  readonly stages: readonly StageEstimate[];
}

/** The bill of a day, line by line. */
export function billOf({ workload, platform, measured, prices, run, stages }: BilledDay): CostLine[] {
  const starts = startsOf(workload, platform, measured);
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
