import { z } from 'zod';

/** In how many records a column holds one kind of personal data. */
export const PiiCount = z.object({ column: z.string(), kind: z.string(), records: z.number().int() });
export type PiiCount = z.infer<typeof PiiCount>;

/** The counts of several parts added up, by column and kind. */
export function addPii(...parts: readonly (readonly PiiCount[] | undefined)[]): PiiCount[] {
  const sums = new Map<string, PiiCount>();
  for (const { column, kind, records } of parts.flatMap((part) => part ?? [])) {
    const of = `${column} ${kind}`;
    sums.set(of, { column, kind, records: (sums.get(of)?.records ?? 0) + records });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}
