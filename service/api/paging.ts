import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';

const MOST = 200;

/** Parameters of lists: how many, from where. */
export const PAGE_QUERY = {
  limit: z.coerce.number().int().min(1).max(MOST).default(50).meta({ description: 'at most so many' }),
  cursor: z
    .string()
    .min(1)
    .max(4000)
    .exactOptional()
    .meta({ description: "where to go on: the 'next' of the page before" }),
};

/** A filter by dataset. */
export const OF_DATASET = z
  .string()
  .regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/, 'is no dataset name: write <domain>.<name>')
  .exactOptional()
  .meta({ description: 'only of this dataset, e.g. spend.council_payments' });

/** Where a list resumes; null at its end. */
export const Next = z
  .string()
  .nullable()
  .meta({ description: 'the cursor of the next page; null where this is the last' });

/** A cursor that goes on behind a place. */
export const cursorAt = (place: string): string => Buffer.from(place).toString('base64url');

/** The place that a cursor continues behind; throws ConfigError `REQUEST` if it is invalid. */
export function placeOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursorAt(place) !== cursor) throw noCursor(cursor);
  return place;
}

/** That a cursor is none. */
export const noCursor = (cursor: string, cause?: unknown): ConfigError =>
  new ConfigError('REQUEST', `'${cursor}' is no cursor: take the 'next' of a page as it is.`, { cause });

/** One page of a list that is at hand, ordered by what names each of its members. */
export function pageOf<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): { readonly page: T[]; readonly next: string | null } {
  const place = placeOf(cursor);
  const rest = place === undefined ? all : all.filter((one) => nameOf(one) > place);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { page, next: last === undefined || rest.length <= limit ? null : cursorAt(nameOf(last)) };
}
