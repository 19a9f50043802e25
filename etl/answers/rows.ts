import type { SqlValue } from '../engine/engine.ts';
import type { QueryAnswer } from '../query/answer.ts';

/** Rows that are read at one time: what an answer takes in memory while it is written. */
const PAGE_ROWS = 5000;

/** The rows of an answer, or those of a part of it, page by page; `to` is not among them. */
export async function* pagesOf(
  answer: QueryAnswer,
  { from: first, to: end }: { readonly from: number; readonly to: number } = { from: 0, to: answer.rowCount },
): AsyncGenerator<readonly SqlValue[][]> {
  for (let from = first; from < end; from += PAGE_ROWS)
    yield await answer.rows(from, Math.min(from + PAGE_ROWS, end));
}
