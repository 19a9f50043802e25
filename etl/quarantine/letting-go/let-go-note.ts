import { z } from 'zod';
import type { TableMetadata } from '../../table/metadata.ts';

const PROPERTY = 'assay.let-go';

/** What a reject table says, in its own metadata, of the rows whose values were let go. */
const LetGoNote = z.object({
  /** Rows without values that letting go made, in all. */
  rows: z.number().int(),
  /** The last time: what its decision says, for a process that died before it was written. */
  last: z.object({
    id: z.string(),
    at: z.string(),
    by: z.string(),
    reason: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
});
export type LetGoNote = z.infer<typeof LetGoNote>;

/** The note of a table; undefined where nothing was let go. */
export function readLetGoNote({ properties }: Pick<TableMetadata, 'properties'>): LetGoNote | undefined {
  const text = properties[PROPERTY];
  return text === undefined ? undefined : LetGoNote.parse(JSON.parse(text));
}

/** The table with so many rows more whose values were let go. */
export function withLetGoNote(metadata: TableMetadata, { rows, last }: LetGoNote): TableMetadata {
  const all = (readLetGoNote(metadata)?.rows ?? 0) + rows;
  const note: LetGoNote = { rows: all, last };
  return { ...metadata, properties: { ...metadata.properties, [PROPERTY]: JSON.stringify(note) } };
}
