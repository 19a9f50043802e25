import type { Estimate, Overrun } from '../../etl/estimating/estimate.ts';
import type { PastWorkload } from '../../etl/estimating/history.ts';
import type { Prices } from '../../etl/estimating/prices.ts';
import type { Platform, StageEstimate, Workload } from '../../etl/estimating/workload.ts';
import { count, decimal, duration, plural, size } from './format.ts';
import { table } from './table.ts';

/** What is printed of an estimate. */
export interface Estimated {
  readonly dataset: string;
  readonly workload: Workload;
  readonly platform: Platform;
  readonly prices: Prices;
  /** Absent where the volume came from options. */
  readonly past: PastWorkload | undefined;
  readonly found: Estimate;
}

/** An estimate for people: the volume, the time of a run, the bill of a day, and what would not do. */
export function estimateText({ dataset, workload, platform, prices, past, found }: Estimated): string {
  const { bytesPerDay, filesPerDay, runsPerDay } = workload;
  const source =
    past === undefined
      ? 'as given'
      : `the average of ${plural(past.days, 'day')} with ${plural(past.runsBefore, 'run')} and ${plural(past.records, 'record')}`;
  const { run, runSeconds, daySeconds, dollarsPerDay, storageDollarsPerMonth, overruns } = found;
  return [
    `${dataset}: ${size(Math.round(bytesPerDay))} a day in ${amountOf(filesPerDay, 'file')} and ${amountOf(runsPerDay, 'run')}, ${source}`,
    '',
    `A run: ${plural(run.files, 'file')}, ${plural(run.chunks, 'chunk')} of at most ${size(platform.chunkBytes)}, ${platform.concurrency} at once; ${duration(runSeconds * 1000)}, all runs of a day ${duration(daySeconds * 1000)}`,
    '',
    stageTable(found.stages),
    ...wholeText(workload),
    '',
    `A day, at the prices of ${prices.region} of ${prices.asOf}`,
    '',
    table(
      [{ name: '' }, { name: 'quantity', align: 'right' }, { name: '' }, { name: 'dollars', align: 'right' }],
      [
        ...found.lines.map(({ what, quantity, unit, dollars }) => [
          what,
          rounded(quantity),
          unit,
          dollars.toFixed(4),
        ]),
        ['together', '', '', dollarsPerDay.toFixed(2)],
      ],
    ),
    '',
    `Thirty such days: $${decimal((dollarsPerDay * 30).toFixed(2))}; each month after it, $${storageDollarsPerMonth.toFixed(2)} for what one day left in S3.`,
    ...overruns.map(overrunText),
    ...dayText(daySeconds),
  ].join('\n');
}

function stageTable(stages: readonly StageEstimate[]): string {
  const right = { align: 'right' as const };
  return table(
    [
      { name: 'stage' },
      { name: 'functions', ...right },
      { name: 'takes', ...right },
      { name: 'S3 writes', ...right },
      { name: 'S3 reads', ...right },
      { name: 'disk', ...right },
    ],
    stages.map(({ stage, calls, wallSeconds, requests, diskBytes }) => [
      stage,
      count(calls),
      duration(wallSeconds * 1000),
      count(requests.writes),
      count(requests.reads),
      diskBytes === 0 ? '' : size(Math.round(diskBytes)),
    ]),
  );
}

/** What Gold reads beyond the months that a run changed. */
function wholeText({
  goldTables,
  goldTablesWhole = 0,
  goldLookupBytes = 0,
  goldByDuckDb = [],
}: Workload): string[] {
  const [first, lookups] = [
    `${goldTablesWhole} of ${plural(goldTables, 'Gold table')} read all of it in each run, not the changed months alone: what refresh-gold takes grows with every run.`,
    `Gold also reads ${size(Math.round(goldLookupBytes))} of other datasets whole in each run.`,
  ];
  const byDuckDb = goldByDuckDb.map(
    ({ report, why }) => `DuckDB alone makes ${report}, never Athena or Trino: ${why}.`,
  );
  return [
    ...(goldTablesWhole > 0 ? ['', first] : []),
    ...(goldLookupBytes > 0 ? ['', lookups] : []),
    ...(byDuckDb.length > 0 ? ['', ...byDuckDb] : []),
  ];
}

function overrunText({ stage, limit, needs, has }: Overrun): string {
  return limit === 'disk'
    ? `It would not work: ${stage} needs ${size(Math.round(needs))} of disk and has ${size(has)}.`
    : `It would not work: ${stage} takes ${duration(needs * 1000)} and may take ${duration(has * 1000)}.`;
}

const DAY_SECONDS = 86_400;

function dayText(daySeconds: number): string[] {
  if (daySeconds <= DAY_SECONDS) return [];
  return [
    `It would not keep up: the runs of a day take ${duration(daySeconds * 1000)}, one after another. Fewer and larger ones take less.`,
  ];
}

const amountOf = (value: number, noun: string): string =>
  Number.isInteger(value) ? plural(value, noun) : `${rounded(value)} ${noun}s`;

/** Whole numbers where they are large, else two places. */
const rounded = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? count(Math.round(value)) : value.toFixed(2);
