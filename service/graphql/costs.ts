import { MOST_ROWS, PAGE_ROWS } from './filters.ts';

/** The cost of a field without its parts, in values of one row. */
export interface Cost {
  /** Once. */
  readonly own: number;
  /** How often its parts are answered. */
  readonly times: number;
}

/** What a field's cost is told by. */
export type CostOf = (args: Readonly<Record<string, unknown>>) => Cost;

/** Reading a page takes about as long as answering with so many values. */
const PAGE_COST = 500;

/** A page: its rows, as many as are asked for. What isn't said as a number is taken for the most. */
export const pageCost: CostOf = ({ first = PAGE_ROWS }) => ({
  own: PAGE_COST,
  times: typeof first === 'number' ? Math.min(Math.max(first, 1), MOST_ROWS) : MOST_ROWS,
});

/** A row whose source file is looked into. */
export const ROW_COST: CostOf = () => ({ own: 10, times: 1 });
