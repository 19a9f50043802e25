import type { RunRecord } from '../stages/outcomes.ts';
import type { DataFile } from '../table/schema.ts';
import type { Workload } from './workload.ts';

const DAY_MS = 86_400_000;

/** What a dataset brought in a day, by what was published of it. */
export type PastWorkload = Pick<
  Workload,
  'bytesPerDay' | 'filesPerDay' | 'runsPerDay' | 'monthsPerRun' | 'runsBefore' | 'silverPerByte'
> & {
  /** Days from the first run's to the last one's, both included; UTC. */
  readonly days: number;
  readonly records: number;
};

/**
 * The daily average over the days from the first promoted run to the last; undefined where there was none. `files` are
 * Silver's as they stand; what compaction joined counts as it is now.
 */
export function pastWorkload(
  records: readonly RunRecord[],
  files: readonly Pick<DataFile, 'key' | 'sizeBytes' | 'month'>[],
): PastWorkload | undefined {
  const runs = records.filter(({ status }) => status === 'promoted');
  const times = runs.map(({ startedAt }) => Math.floor(Date.parse(startedAt) / DAY_MS));
  if (runs.length === 0) return undefined;
  const days = Math.max(...times) - Math.min(...times) + 1;
  const sources = runs.flatMap((run) => run.files);
  const bytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const silverBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const runOf = (key: string): string => /run_id=([^/]+)/.exec(key)?.[1] ?? '';
  const months = new Set(files.map(({ key, month }) => `${runOf(key)} ${month}`));
  const writers = new Set(files.map(({ key }) => runOf(key)));
  return {
    days,
    records: runs.reduce((sum, { counts }) => sum + counts.records, 0),
    bytesPerDay: bytes / days,
    filesPerDay: sources.length / days,
    runsPerDay: runs.length / days,
    monthsPerRun: Math.max(1, Math.round(months.size / Math.max(1, writers.size))),
    runsBefore: runs.length,
    silverPerByte: bytes === 0 ? 0 : silverBytes / bytes,
  };
}
