import { runsPrefix } from '../../etl/naming/runs.ts';
import { readRun, runKeys } from '../../etl/operations/find-run.ts';
import { idAt, idOf } from '../../etl/operations/newest-keys.ts';
import type { Effects } from '../../etl/ports.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';

/** What charts say of a run. */
export type RunCounts = Pick<RunRecord, 'runId' | 'status' | 'endedAt' | 'counts'>;

/** Charts show so many days, today among them. */
export const DAYS = 30;
/** An hour's run each is as many in that time. */
const MOST = 750;
const DAY_MS = 86_400_000;

/** The first of the days that charts show, UTC. */
export const firstDay = (now: Date): string =>
  new Date(now.getTime() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);

/** Reads the runs of a dataset that began in the last 30 days, newest first, or its last one where there were none. */
export type RecentRuns = (dataset: string) => Promise<readonly RunCounts[]>;

interface Kept {
  /** Size and time of the document: what somebody decided since is written into it. */
  readonly mark: string;
  readonly run: RunCounts;
}

/** Recent runs, each of which is read once for as long as its record is the same. */
export function openRecentRuns(effects: Pick<Effects, 'objects' | 'clock'>): RecentRuns {
  const kept = new Map<string, ReadonlyMap<string, Kept>>();
  return async (dataset) => {
    const prefix = runsPrefix(dataset);
    const since = idAt(Date.parse(firstDay(effects.clock.now())));
    const listed = await effects.objects.list(prefix, `${prefix}${since}`);
    const before = kept.get(dataset);
    const now = new Map<string, Kept>();
    const newest = listed.filter(({ key }) => key.endsWith('.json') && idOf(key) >= since);
    for (const { key, sizeBytes, modifiedMs } of newest
      .sort((a, b) => (a.key < b.key ? 1 : -1))
      .slice(0, MOST)) {
      const mark = `${sizeBytes}:${modifiedMs}`;
      const known = before?.get(key);
      const run = known?.mark === mark ? known.run : countsOf(await readRun(effects, key));
      if (run !== undefined) now.set(key, { mark, run });
    }
    kept.set(dataset, now);
    return now.size > 0 ? [...now.values()].map(({ run }) => run) : await lastRun(effects, dataset);
  };
}

async function lastRun(effects: Pick<Effects, 'objects' | 'clock'>, dataset: string): Promise<RunCounts[]> {
  for await (const key of runKeys(effects, { dataset })) {
    const run = countsOf(await readRun(effects, key));
    if (run !== undefined) return [run];
  }
  return [];
}

function countsOf(record: RunRecord | undefined): RunCounts | undefined {
  if (record === undefined) return undefined;
  const { runId, status, endedAt, counts } = record;
  return { runId, status, endedAt, counts };
}

/** What the runs of a day came to. */
export interface DayCounts {
  /** `2024-05-01`, and how many days it is after the first one that is shown. */
  readonly day: string;
  readonly at: number;
  readonly runs: number;
  readonly records: number;
  /** Records that were tested, and those of them that failed. */
  readonly tested: number;
  readonly quarantined: number;
}

/** The days of the last 30 on which runs ended, oldest first. */
export function byDay(runs: readonly RunCounts[], now: Date): DayCounts[] {
  const first = firstDay(now);
  const days = new Map<string, DayCounts>();
  for (const { endedAt, counts } of [...runs].reverse()) {
    const day = endedAt.slice(0, 10);
    if (day < first) continue;
    const at = Math.round((Date.parse(day) - Date.parse(first)) / DAY_MS);
    const sum = days.get(day) ?? { day, at, runs: 0, records: 0, tested: 0, quarantined: 0 };
    days.set(day, {
      ...sum,
      runs: sum.runs + 1,
      records: sum.records + counts.records,
      tested: sum.tested + counts.records - counts.blank,
      quarantined: sum.quarantined + counts.quarantined,
    });
  }
  return [...days.values()].sort((a, b) => a.at - b.at);
}
