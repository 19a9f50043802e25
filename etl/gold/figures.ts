import type { Contract } from '../contract/contract.ts';
import { isOpen } from '../contract/open-columns.ts';
import { type SqlRow, textOf } from '../engine/engine.ts';

/** A published figure that changed. */
export interface Figure {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly column: string;
  /** Null where the row came, or went. */
  readonly old: string | null;
  readonly new: string | null;
  /** Id of the waiting restatement, where its month is closed; absent where it was published. */
  readonly waits?: string;
}

/** The mask for values that may not leave the lake. */
export const HIDDEN = '•••';

/** Columns of a figure in SQL, of a table that has those of ops.restatements. */
export const FIGURE_SQL = `strftime(as_of_month, '%Y-%m') AS month, "key", "column", old_value, new_value, waits`;

/** A figure as FIGURE_SQL reads it, without values of columns that are neither public nor internal. */
export function figureOf(row: SqlRow, contract: Pick<Contract, 'columns'>): Figure {
  const isHidden = (name: string): boolean => {
    const column = contract.columns.find((one) => one.name === name);
    return column === undefined || !isOpen(column);
  };
  const column = textOf(row, 'column');
  const shown = (value: unknown): string | null =>
    typeof value !== 'string' ? null : isHidden(column) ? HIDDEN : value;
  const key = Object.entries(JSON.parse(textOf(row, 'key')) as Figure['key']);
  return {
    month: textOf(row, 'month'),
    key: Object.fromEntries(key.map(([name, value]) => [name, isHidden(name) ? HIDDEN : value])),
    column,
    old: shown(row.old_value),
    new: shown(row.new_value),
    ...(typeof row.waits === 'string' ? { waits: row.waits } : {}),
  };
}
