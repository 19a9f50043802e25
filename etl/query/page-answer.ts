import type { Engine, SqlValue } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import { answerOf, type QueryAnswer } from './answer.ts';
import { type OpenAnswer, openAnswer } from './open-answer.ts';
import { nextPlace, type PageQuery, type PageRequest, pageQuery } from './table-page.ts';
import type { Place } from './table-page-cursor.ts';

/** Rows of a table as an answer, which lives until it is closed. */
export interface PageAnswer extends OpenAnswer, Pick<PageQuery, 'table' | 'snapshotId'> {
  /** The cursor that goes on behind the last row; undefined where no row is behind it. */
  readonly next: string | undefined;
}

/** What is asked for, and how many rows at most: all where there is no limit. */
export type AnswerRequest = PageRequest & { readonly limit: number | undefined };

/** Answers with rows of a table. However many they are, memory is bounded by the engine's limit. */
export async function openPageAnswer(effects: Effects, request: AnswerRequest): Promise<PageAnswer> {
  return await openAnswer(effects, 'data', (engine) => pageAnswer(engine, effects, request));
}

async function pageAnswer(
  engine: Engine,
  effects: Effects,
  { limit, ...request }: AnswerRequest,
): Promise<Omit<PageAnswer, keyof OpenAnswer> & Pick<OpenAnswer, 'answer'>> {
  const query = await pageQuery(engine, effects, request);
  const { table, snapshotId, select, skipped } = query;
  const window = limit === undefined ? `OFFSET ${skipped}` : `LIMIT ${limit} OFFSET ${skipped}`;
  const answer = await answerOf(engine, `${select} ${window}`);
  if (limit === undefined || answer.rowCount < limit) return { table, snapshotId, answer, next: undefined };
  const place = await lastPlace(answer, query);
  const more = await engine.rows(`SELECT 1 FROM (${select} LIMIT 1 OFFSET ${skipped + limit})`);
  return { table, snapshotId, answer, next: more.length === 0 ? undefined : query.cursorAt(place) };
}

/** Rows that are read at one time. */
const WINDOW_ROWS = 1000;

/** The place of an answer's last row: rows that are alike in what orders them are counted from the first of them. */
async function lastPlace(answer: QueryAnswer, { orderedBy, start }: PageQuery): Promise<Place> {
  const at = orderedBy.map((name) => answer.columns.findIndex((column) => column.name === name));
  const keyOf = (row: readonly SqlValue[]): SqlValue[] => at.map((n) => row[n] ?? null);
  let alike: SqlValue[][] = [];
  for (let end = answer.rowCount; end > 0; end -= WINDOW_ROWS) {
    const keys = (await answer.rows(Math.max(0, end - WINDOW_ROWS), end)).map(keyOf);
    const last = JSON.stringify(alike.at(-1) ?? keys.at(-1));
    const other = keys.findLastIndex((key) => JSON.stringify(key) !== last);
    alike = [...keys.slice(other + 1), ...alike];
    if (other >= 0) return placeOf(alike, undefined);
  }
  return placeOf(alike, start);
}

function placeOf(keys: readonly (readonly SqlValue[])[], start: Place | undefined): Place {
  return keys.reduce<Place | undefined>(nextPlace, start) ?? { values: [], shown: 0 };
}
