import { z } from 'zod';
import type { Contract } from '../contract/contract.ts';
import { healthKey } from '../naming/upkeep.ts';
import type { Effects } from '../ports.ts';
import { newRunId } from '../stages/run-id.ts';
import { parseDocument, putDocument } from '../stages/stored-documents.ts';
import { readPointer } from '../table/pointer.ts';
import type { Health } from './check-health.ts';

/** A dataset's known problems. One alert covers them all, however often they are found again. */
const KnownAilments = z.object({
  dataset: z.string(),
  alertId: z.string(),
  since: z.string(),
  lastSeenAt: z.string(),
  timesSeen: z.number().int(),
  codes: z.array(z.string()),
});
type KnownAilments = z.infer<typeof KnownAilments>;

/** Problems that sent their own alerts. */
const TOLD_ALREADY: ReadonlySet<Health['ailments'][number]['code']> = new Set([
  'HELD',
  'BREAKER',
  'RESTATEMENT',
]);

/** Whether an alert was sent for a dataset, and how often it was ill so far. */
export interface AlertSent {
  readonly isNew: boolean;
  readonly timesSeen: number;
}

/**
 * Sends one alert for a dataset's problems. Problems found again are only counted; a new one, or one that returns after
 * all was well, sends an alert. Held runs, open breakers and waiting restatements are left out, since each sent its
 * own. Undefined where there is nothing to report.
 */
export async function alertAilments(
  effects: Effects,
  { dataset, layer }: Contract,
  { ailments }: Health,
): Promise<AlertSent | undefined> {
  const told = ailments.filter(({ code }) => !TOLD_ALREADY.has(code));
  const key = healthKey(dataset);
  const stored = await effects.objects.get(key);
  const before = stored === undefined ? undefined : parseDocument(stored.body, key, KnownAilments);
  const [first] = told;
  if (first === undefined) {
    if (before !== undefined) await effects.objects.remove(key);
    return undefined;
  }
  const now = effects.clock.now();
  const at = now.toISOString();
  const codes = [...new Set(told.map(({ code }) => code))];
  const isNew = before === undefined || codes.some((code) => !before.codes.includes(code));
  const known: KnownAilments = isNew
    ? { dataset, alertId: newRunId(now), since: at, lastSeenAt: at, timesSeen: 1, codes }
    : { ...before, lastSeenAt: at, timesSeen: before.timesSeen + 1, codes };
  if (isNew) {
    // A damaged pointer is itself reported.
    const read = await readPointer(effects.objects, layer, dataset).catch(() => undefined);
    await effects.alerts.send({
      kind: 'unhealthy',
      dataset,
      runId: known.alertId,
      at,
      title: `${dataset} is not well: ${told.map(({ code, what }) => `${code}: ${what}`).join('; ')}.`,
      readersSee:
        read === undefined
          ? codes.includes('POINTER')
            ? 'Readers see no table until the pointer is restored.'
            : 'Readers see no table yet.'
          : `Readers see snapshot ${read.pointer.snapshot_id}, published at ${read.pointer.committed_at}.`,
      nextCommand: `assay ${first.next}`,
      details: { ailments: told },
    });
  }
  // After the alert: a process that dies in between sends it again instead of never.
  await putDocument(effects.objects, key, known);
  return { isNew, timesSeen: known.timesSeen };
}
