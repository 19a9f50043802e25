import type { SqlValue } from '../engine/engine.ts';
import type { QueryAnswer } from '../query/answer.ts';

/** Rows read at a time. This bounds the memory that writing an answer takes. */
const PAGE_ROWS = 5000;

/** The rows of an answer, or of a range of it (end-exclusive), page by page. */
export async function* pagesOf(
  answer: QueryAnswer,
  { from: first, to: end }: { readonly from: number; readonly to: number } = { from: 0, to: answer.rowCount },
): AsyncGenerator<readonly SqlValue[][]> {
  for (let from = first; from < end; from += PAGE_ROWS)
    yield await answer.rows(from, Math.min(from + PAGE_ROWS, end));
}
