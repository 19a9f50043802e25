import type { Figure } from '../../etl/gold/figures.ts';
import type { RunChanges } from '../../etl/operations/restated.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { plural } from './format.ts';
import { table } from './table.ts';

/** Figures that are listed; ops.restatements has them all. */
const MOST = 50;

/** Printed when a change could change figures, but didn't. */
export const NOTHING_RESTATED = 'No published figure changed.';

/** What a run changed of published figures, and what waits since it; empty where that is nothing. */
export function changesText(
  { restated, waiting }: RunChanges,
  { args, io }: { readonly args: Args; readonly io: Io },
): string {
  const reports = [...new Set(waiting.map(({ report }) => report))];
  const next = nextCommand(args, io, `restatements${reports.length === 1 ? ` ${reports[0]}` : ''}`);
  return [
    ...(restated.length === 0
      ? []
      : [`${plural(restated.length, 'published figure')} restated:\n\n${figuresTable(restated)}`]),
    ...(waiting.length === 0
      ? []
      : [
          `${plural(waiting.length, 'published figure')} would have changed in closed months; readers see what was closed, and this waits for finance:\n\n${figuresTable(waiting)}\nNext: ${next}`,
        ]),
  ].join('\n\n');
}

/** Figures of reports, the old value beside the new. */
export function figuresTable(figures: readonly (Figure & { readonly report?: string })[]): string {
  const named = figures.some(({ report }) => report !== undefined);
  const rows = figures
    .slice(0, MOST)
    .map(({ report, month, key, column, old, new: now }) => [
      ...(named ? [report ?? ''] : []),
      month,
      Object.values(key).map(String).join(' · '),
      column,
      old ?? '',
      now ?? '',
    ]);
  const right = { align: 'right' as const };
  const columns = [
    ...(named ? [{ name: 'report' }] : []),
    { name: 'month' },
    { name: 'key' },
    { name: 'figure' },
  ];
  const rest = figures.length > MOST ? `\n… ${figures.length - MOST} more: query ops.restatements` : '';
  return `${table([...columns, { name: 'was', ...right }, { name: 'is', ...right }], rows)}${rest}`;
}
