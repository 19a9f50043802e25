import { z } from 'zod';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';

/** How a file of the benchmark is written, as its parameters say. */
export const Parameters = z.object({
  delimiter: z.string(),
  quotechar: z.string(),
  escapechar: z.string(),
  header_lines: z.number(),
  preamble_lines: z.number(),
  column_names: z.array(z.string()),
  n_columns: z.number(),
});
/** How a file of the benchmark is written, as its parameters say. */
export type Parameters = z.infer<typeof Parameters>;

/** The headers of a loaded file: those of the parameters, or `col_0` and so on, as the benchmark's systems have them. */
export function headersOf({ column_names: names, n_columns: width }: Parameters): string[] {
  if (names.length > 0) return names.map((name) => name.trim());
  return Array.from({ length: Math.max(width, 1) }, (_, n) => `col_${n}`);
}

/** Name of a column of the table, by its place. */
export const columnName = (place: number): string => `c${place}`;

/**
 * The contract of a file: columns of text, found by their place, the header and what stands before it skipped. The
 * first column is a day, since a table is partitioned by one, and the key.
 */
export function contractOf(dataset: string, parameters: Parameters): string {
  const headers = headersOf(parameters);
  const names = headers.map((_, place) => columnName(place));
  const { delimiter, quotechar: quote, escapechar, header_lines: head, preamble_lines: before } = parameters;
  const escaping = escapechar === '' && quote !== '' ? 'none' : escapechar;
  const csv = {
    ...(delimiter === '' ? {} : { delimiter }),
    ...(quote === '' ? {} : { quote }),
    ...(escaping === '' || escaping === quote ? {} : { escape: escaping }),
    strayQuotes: 'text',
    columns: names,
    ...(head + before === 0 ? {} : { skipLines: head + before }),
  };
  return contractText({
    dataset,
    partitionColumn: columnName(0),
    columns: names.map((name, place) =>
      place === 0 ? { name, type: 'date', key: true, assay: { formats: ['dd/MM/yyyy'] } } : { name },
    ),
    assay: { csv, limits: NO_LIMITS },
  });
}
