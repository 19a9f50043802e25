import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ProtectedColumn, VaultPeriod } from '../../../etl/privacy/vault.ts';

const KEY = z.base64().length(44);
const COLUMN = z.object({ dataset: z.string(), column: z.string(), group: z.string() });

/** What a vault has beside its subjects. */
const BOOK = z.object({
  format: z.literal(1),
  /** Secret that keys the indexes of subjects. */
  pepper: KEY,
  /** Secret that keys the digests of references in the log of erasures, and says which shard a reference's keys are in. */
  referenceSecret: KEY,
  /** Data groups; a key's record names one by its place here. */
  groups: z.array(z.string()),
  /** Columns by id. */
  columns: z.record(z.string(), COLUMN),
  /** Keys of periods, by `["dataset","group","202611"]`; null where one was destroyed. */
  periods: z.record(z.string().startsWith('['), KEY.nullable()),
  /** When the vault was last sealed under a new key. */
  renewedAt: z.iso.datetime(),
});
export type Book = z.infer<typeof BOOK>;

/** The book of a new vault. */
export function newBook(now: Date): Book {
  return {
    format: 1,
    pepper: newKey(),
    referenceSecret: newKey(),
    groups: [],
    columns: {},
    periods: {},
    renewedAt: now.toISOString(),
  };
}

/** A new random key of 32 bytes, as a book holds it. */
export const newKey = (): string => randomBytes(32).toString('base64');

/** The bytes of a key that a book holds. */
export const keyOf = (text: string): Uint8Array => Buffer.from(text, 'base64');

export const parseBook = (bytes: Uint8Array): Book =>
  BOOK.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));

export const bookBytes = (book: Book): Buffer => Buffer.from(JSON.stringify(book));

/** A period's key; null where it was destroyed, undefined where it never was. */
export const periodKey = (book: Book, period: VaultPeriod): string | null | undefined =>
  book.periods[periodName(period)];

/** The book with other keys of periods. */
export function withPeriods(
  book: Book,
  changes: readonly (VaultPeriod & { readonly key: string | null })[],
): Book {
  if (changes.length === 0) return book;
  const entries = changes.map((change) => [periodName(change), change.key] as const);
  return { ...book, periods: { ...book.periods, ...Object.fromEntries(entries) } };
}

/** Every period that has a key. */
export const keptPeriods = (book: Book): VaultPeriod[] =>
  Object.entries(book.periods).flatMap(([name, key]) => (key === null ? [] : [parsePeriodName(name)]));

/** Every period whose key was destroyed. */
export const destroyedPeriods = (book: Book): VaultPeriod[] =>
  Object.entries(book.periods).flatMap(([name, key]) => (key === null ? [parsePeriodName(name)] : []));

const periodName = ({ dataset, group, period }: VaultPeriod): string =>
  JSON.stringify([dataset, group, period]);

const PERIOD_NAME = z.tuple([z.string(), z.string(), z.string()]);

function parsePeriodName(name: string): VaultPeriod {
  const [dataset, group, period] = PERIOD_NAME.parse(JSON.parse(name));
  return { dataset, group, period };
}

/** The id of a column; undefined where it has none yet. */
export function columnId(book: Book, asked: ProtectedColumn): string | undefined {
  const found = Object.entries(book.columns).find(
    ([, { dataset, column, group }]) =>
      dataset === asked.dataset && column === asked.column && group === asked.group,
  );
  return found?.[0];
}
