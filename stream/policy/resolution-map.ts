import { z } from 'zod';
import { DataError } from '../../etl/errors.ts';
import type { KeptDocument } from './policy-store.ts';
import { ResolutionRule } from './resolution-rule.ts';

/** The last change of a dataset's rules. */
const Changed = z.object({ version: z.int().min(1), at: z.string(), by: z.string() });

/** The map from sources to datasets as it is kept: the rules of all datasets, and how those of each came to be. */
const Kept = z.object({
  format: z.literal(1),
  rules: z.array(ResolutionRule),
  /** By URN. */
  changed: z.record(z.string(), Changed),
});
export type ResolutionMap = z.infer<typeof Kept>;

/** What a document of the map says; a map without rules where there is none. Throws DataError `RESOLUTION_DAMAGED`. */
export function readResolutionMap(document: Pick<KeptDocument, 'name' | 'body'> | undefined): ResolutionMap {
  if (document === undefined) return { format: 1, rules: [], changed: {} };
  const parsed = Kept.safeParse(document.body);
  if (parsed.success) return parsed.data;
  throw new DataError(
    'RESOLUTION_DAMAGED',
    `The map from sources to datasets (${document.name}) can't be read: ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}
