import { eventLines } from '../../etl/eventstore/event-lines.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { controlTotalsText } from './control-totals.ts';
import { countsTable } from './counts-table.ts';
import { count, duration } from './format.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';

/** What a run's text says beside its record. */
export interface RunContextLines {
  /** One line a Gold table. */
  readonly gold: readonly string[];
  /** One line a projection. */
  readonly projections?: readonly string[];
  /** What a person should know. */
  readonly notes: readonly string[];
  /** What readers see, where the run wasn't published. */
  readonly readersSee?: string;
  /** Examples of the records that didn't pass. */
  readonly examples?: string;
  /** Commands to type next. */
  readonly next: readonly string[];
}

/** A run as people read it: what became of every file, why, the control totals, and what to do next. */
export function runText(
  run: RunRecord,
  { gold, projections = [], notes, readersSee, examples, next }: RunContextLines,
): string {
  const sections = [`${run.dataset} · run ${run.runId} · ${statusText(run)}`];
  if (run.why.length > 0) sections.push(run.why.map((why) => `  ${printable(why)}`).join('\n'));
  if (run.files.length > 0) sections.push(countsTable(run));
  if (Object.keys(run.reasons).length > 0) sections.push(`Reasons\n${reasonsTable(run.reasons)}`);
  if (examples) sections.push(`Examples\n${examples}`);
  if (run.controlTotals.length > 0 || run.unread !== undefined)
    sections.push(`Control totals\n${controlTotalsText(run.controlTotals, run.unread)}`);
  const ends = [
    ...eventLines(run.events).map((line) => ['Events', line]),
    ...(run.sets === undefined ? [] : [['Engine', setsText(run.sets)]]),
    ...gold.map((line) => ['Gold', line]),
    ...projections.map((line) => ['Projection', line]),
    ...(run.snapshotId === null ? [] : [['Snapshot', String(run.snapshotId)]]),
    ...(run.sealDigest === null ? [] : [['Seal', run.sealDigest]]),
    ...(readersSee === undefined ? [] : [['Readers', readersSee.replace(/^Readers see /, 'see ')]]),
    ...notes.map((line) => ['Note', line]),
    ...next.map((line) => ['Next', line]),
  ];
  if (ends.length > 0) sections.push(labelled(ends));
  return sections.join('\n\n');
}

const LABEL_WIDTH = 8;

/** How many reasons there are of each code; a record can have several. */
function reasonsTable(reasons: RunRecord['reasons']): string {
  const rows = Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([code, n]) => [code, count(n)]);
  return table([{ name: 'code' }, { name: 'reasons', align: 'right' }], rows);
}

/** Who looked for rows with equal keys. */
function setsText({ engine, rows, readBytes }: NonNullable<RunRecord['sets']>): string {
  const read = readBytes === undefined ? '' : `, ${count(readBytes)} bytes read`;
  return `${engine} found ${count(rows)} rows that may share a key${read}; DuckDB judged them`;
}

function statusText({ status, durationMs }: RunRecord): string {
  const text = status.replaceAll('-', ' ');
  return `${text} in ${duration(durationMs)}`;
}

/** Lines with their labels in a column; a label that repeats is said once. */
export function labelled(lines: readonly (readonly string[])[]): string {
  const width = Math.max(LABEL_WIDTH, ...lines.map(([label = '']) => label.length));
  return lines
    .map(([label = '', text = ''], n) => {
      const shown = lines[n - 1]?.[0] === label ? '' : label;
      return `${shown.padEnd(width)}  ${printable(text)}`;
    })
    .join('\n');
}
