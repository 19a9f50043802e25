import { z } from 'zod';
import { writerKey } from '../naming/upkeep.ts';
import type { Effects } from '../ports.ts';
import { putDocument } from '../stages/stored-documents.ts';

/** Says who writes files of a dataset that no snapshot names yet. */
export const Writer = z.object({ dataset: z.string(), id: z.string(), kind: z.string(), at: z.string() });
type Writer = z.infer<typeof Writer>;

/** The kind of a vacuum, which writes nothing else. */
export const VACUUM = 'vacuum';

/**
 * Runs work that writes files under an id, with a document saying so for as long as it takes: an audit knows the files
 * as somebody's, and no vacuum takes them away. Where the work fails the document stays, for the vacuum to find what
 * was left.
 */
export async function withWriter<T>(
  effects: Effects,
  writer: Omit<Writer, 'at'>,
  work: () => Promise<T>,
): Promise<T> {
  const key = writerKey(writer.dataset, writer.id);
  await putDocument(effects.objects, key, {
    ...writer,
    at: effects.clock.now().toISOString(),
  } satisfies Writer);
  const result = await work();
  await effects.objects.remove(key);
  return result;
}
