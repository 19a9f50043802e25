import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';

/** Where a page ended: after so many rows with these values in the order's columns. */
export interface Place {
  readonly values: readonly (string | null)[];
  /** How many rows with just these values were shown. */
  readonly shown: number;
}

/** What a cursor says. */
const Cursor = z.strictObject({
  /** Identifies the question: its table, filter and order. */
  q: z.string(),
  /** The snapshot that the first page was of. */
  s: z.int().min(0),
  k: z.array(z.union([z.string().refine((text) => !text.includes('\0')), z.null()])),
  n: z.int().min(1),
});

/** What a page is of, as far as its cursors go. */
export interface PageQuestion {
  readonly table: string;
  readonly dataset: string;
  readonly filters: unknown;
  readonly order: unknown;
}

const questionOf = ({ table, dataset, filters, order }: PageQuestion): string =>
  createHash('sha256')
    .update(JSON.stringify([table, dataset, filters, order]))
    .digest('base64url')
    .slice(0, 16);

/** The cursor of a place in the rows of a question, at a snapshot. */
export function cursorOf(question: PageQuestion, snapshotId: number, { values, shown }: Place): string {
  const text = JSON.stringify({ q: questionOf(question), s: snapshotId, k: values, n: shown });
  return Buffer.from(text).toString('base64url');
}

/** A cursor is no longer than this: its values are those of a row's key. */
const MOST_CHARACTERS = 100_000;

/** The snapshot of a cursor; throws ConfigError `CURSOR` if it is invalid. */
export function snapshotOf(cursor: string): number {
  return parsed(cursor).s;
}

/** The place that a cursor names; throws ConfigError `CURSOR` if it is invalid, or of another question. */
export function placeOf(cursor: string, question: PageQuestion, width: number): Place {
  const { q, k, n } = parsed(cursor);
  if (q !== questionOf(question) || k.length !== width)
    throw new ConfigError(
      'CURSOR',
      `The cursor is of another question than this page of ${question.table}: send it with the same table, filters and order, or begin without one.`,
    );
  return { values: k, shown: n };
}

function parsed(cursor: string): z.infer<typeof Cursor> {
  const text = cursor.length > MOST_CHARACTERS ? '' : Buffer.from(cursor, 'base64url').toString('utf8');
  const result = Cursor.safeParse(jsonOf(text));
  if (result.success) return result.data;
  throw new ConfigError('CURSOR', 'This is no cursor: take that of a page as it is, or begin without one.');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says that a cursor's state is gone. */
export function expiredCursor(table: string): ConfigError {
  return new ConfigError(
    'CURSOR_EXPIRED',
    `The state of ${table} that this cursor goes on with was expired: begin without a cursor, on the state of today.`,
  );
}
