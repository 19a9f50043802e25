import { z } from 'zod';
import { ENFORCERS_PREFIX, enforcerKey } from '../../etl/naming/incidents.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { parseDocument, putDocument } from '../../etl/stages/stored-documents.ts';

/** How an enforcer does, as it said last. */
export const EnforcerStatus = z.object({
  holder: z.string(),
  started_at: z.string(),
  at: z.string(),
  /** Of the partitions that it has: how far each is behind, in offsets. */
  partitions: z.array(z.object({ topic: z.string(), partition: z.int(), lag: z.number() })),
  /** What keeps it from its work; empty where nothing does. */
  hindrances: z.array(z.string()),
});
export type EnforcerStatus = z.infer<typeof EnforcerStatus>;

/** An enforcer that said nothing for so long is gone; what it said last is removed after a day. */
export const SILENT_MS = 60_000;
const FORGOTTEN_MS = 86_400_000;

/** Keeps what an enforcer says in the place of what it said before. */
export const saySo = (objects: ObjectStore, status: EnforcerStatus): Promise<void> =>
  putDocument(objects, enforcerKey(status.holder), status);

/** Takes an enforcer off the list. */
export const signOff = (objects: Pick<ObjectStore, 'remove'>, holder: string): Promise<void> =>
  objects.remove(enforcerKey(holder));

/** What enforcers said last, those that are gone included, by when they started. */
export async function enforcerStatuses(
  objects: Pick<ObjectStore, 'list' | 'get'>,
): Promise<EnforcerStatus[]> {
  const found = await Promise.all(
    (await objects.list(ENFORCERS_PREFIX)).map(async ({ key }) => {
      const stored = await objects.get(key);
      return stored === undefined ? [] : [parseDocument(stored.body, key, EnforcerStatus)];
    }),
  );
  return found.flat().sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
}

/** Removes what enforcers said that are gone for a day. */
export async function forgetGone(objects: ObjectStore, nowMs: number): Promise<void> {
  for (const { holder, at } of await enforcerStatuses(objects))
    if (nowMs - Date.parse(at) > FORGOTTEN_MS) await signOff(objects, holder);
}
