import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { revealKey } from '../naming/privacy.ts';
import type { Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { newRunId } from '../stages/run-id.ts';

/** That somebody saw protected values: never the values, nor whose they are. */
export const Reveal = z.object({
  format: z.literal(1),
  id: z.string(),
  at: z.iso.datetime(),
  by: z.string(),
  reason: z.string(),
  /** How: a query, or an answer to a person's request. */
  how: z.enum(['query', 'access', 'record']),
  /** Data groups that were opened. */
  groups: z.array(z.string()),
  columns: z.array(z.object({ dataset: z.string(), column: z.string(), values: z.number().int() })),
});
export type Reveal = z.infer<typeof Reveal>;

/** Keeps that values were seen, before anybody sees them; returns its id. */
export async function recordReveal(
  effects: Pick<Effects, 'objects' | 'clock'>,
  what: Omit<Reveal, 'format' | 'id' | 'at' | 'by' | 'reason'>,
  { by, reason }: Word,
): Promise<string> {
  const now = effects.clock.now();
  const id = newRunId(now);
  const reveal = Reveal.parse({ format: 1, id, at: now.toISOString(), by, reason, ...what });
  await effects.objects.put(revealKey(id), Buffer.from(`${JSON.stringify(reveal, null, 1)}\n`), {
    ifNoneMatch: '*',
  });
  return id;
}
