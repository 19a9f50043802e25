import type { Restatement } from '../../etl/operations/restated.ts';
import { plural } from './format.ts';
import { table } from './table.ts';

/** Figures that are listed; ops.restatements has them all. */
const MOST = 50;

/** Said of a change that was to change figures, or not to. */
export const NOTHING_RESTATED = 'No published figure changed.';

/** Published figures that changed, old value beside new. */
export function restatedText(restated: readonly Restatement[]): string {
  const rows = restated
    .slice(0, MOST)
    .map(({ report, month, key, column, old, new: now }) => [
      report,
      month,
      Object.values(key).map(String).join(' · '),
      column,
      old ?? '',
      now ?? '',
    ]);
  const right = { align: 'right' as const };
  const columns = [{ name: 'report' }, { name: 'month' }, { name: 'key' }, { name: 'figure' }];
  const rest = restated.length > MOST ? `\n… ${restated.length - MOST} more: query ops.restatements` : '';
  return `${plural(restated.length, 'published figure')} restated:\n\n${table([...columns, { name: 'was', ...right }, { name: 'is', ...right }], rows)}${rest}`;
}
