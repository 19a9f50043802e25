import type { ContenderName } from './contenders.ts';
import type { Measurement } from './measure.ts';

/** One contender's runs and what they come to. */
export interface Result {
  readonly contender: ContenderName;
  /** The run of median duration, the faster of the middle two. */
  readonly median: Measurement;
  readonly runs: readonly Measurement[];
  readonly rowsPerSecond: number;
  /** Differences between its counts and the generator's; none when it found what is there. */
  readonly miscounts: readonly string[];
}

/** A contender that could not run here. */
export interface Skipped {
  readonly contender: ContenderName;
  readonly why: string;
}

/** The median and the rate of a contender's runs; throws when there is none. */
export function summarize(
  contender: ContenderName,
  runs: readonly Measurement[],
  miscounts: readonly string[],
): Result {
  const median = runs.toSorted((a, b) => a.durationMs - b.durationMs)[Math.floor((runs.length - 1) / 2)];
  if (median === undefined) throw new Error(`${contender} has not run.`);
  const rowsPerSecond = Math.round((median.rows / median.durationMs) * 1000);
  return { contender, median, runs, rowsPerSecond, miscounts };
}

const COLUMNS = [
  '',
  'rows',
  'wall s',
  'rows/s',
  'CPU s',
  'peak MiB',
  'of floor',
  'x loop',
  'Assay x',
  'runs',
  'counts',
];

/**
 * The results as an aligned table; rates are compared, also where the number of rows differs.
 * `of floor` is the share of the bare COPY's rate, `x loop` the multiple of the row-by-row loop's, and
 * `Assay x` the multiple of this one's that Assay has.
 */
export function formatTable(
  results: readonly Result[],
  rows: number,
  skipped: readonly Skipped[] = [],
): string {
  const rate = (name: ContenderName) => results.find(({ contender }) => contender === name)?.rowsPerSecond;
  const floor = rate('bare-copy');
  const loop = rate('row-by-row');
  const assay = rate('assay');
  const lines = results.map(({ contender, median, runs, rowsPerSecond, miscounts }) => [
    median.rows === rows ? contender : `${contender} *`,
    whole(median.rows),
    (median.durationMs / 1000).toFixed(2),
    whole(rowsPerSecond),
    (median.cpuMs / 1000).toFixed(2),
    whole(median.peakRssBytes / 2 ** 20),
    floor === undefined ? '' : `${((rowsPerSecond / floor) * 100).toFixed(1)} %`,
    loop === undefined ? '' : (rowsPerSecond / loop).toFixed(1),
    assay === undefined ? '' : (assay / rowsPerSecond).toFixed(2),
    String(runs.length),
    miscounts.length === 0 ? 'ok' : miscounts.join('; '),
  ]);
  const note = results.some(({ median }) => median.rows !== rows)
    ? [
        `* on a smaller file than the ${whole(rows)} rows of the others: compare rows/s, not seconds or memory.`,
      ]
    : [];
  const absent = skipped.map(({ contender, why }) => `${contender}: skipped. ${why}`);
  return [...align([COLUMNS, ...lines]), ...note, ...absent].join('\n');
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-GB').replaceAll(',', ' ');

/** Pads cells to their column's width: the first and last to the left, numbers to the right. */
function align(table: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, i) => Math.max(...table.map((cells) => cells[i]?.length ?? 0)));
  const pad = (cell: string, i: number): string => {
    if (i === COLUMNS.length - 1) return cell;
    return i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  };
  return table.map((cells) => cells.map(pad).join('  ').trimEnd());
}
