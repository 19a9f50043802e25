import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConflictError } from '../../errors.ts';
import { refusalKey } from '../../naming/runs.ts';
import type { Alerts } from '../../ports.ts';
import { parseDocument } from '../stored-documents.ts';
import type { LeaseEffects } from './lease.ts';

/** What refusing a drop needs of the world. */
export interface RefusalEffects extends LeaseEffects {
  readonly alerts: Alerts;
}

/** A drop that starts nothing. */
export interface Refusal {
  /** As far as it is known. */
  readonly dataset: string;
  /** One line: what was dropped, and why it can't be used. */
  readonly title: string;
  readonly nextCommand: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Drops with the same reason share an alert. */
  readonly reason: string;
}

const Telling = z.object({ claimedAt: z.string(), toldAt: z.string().exactOptional() });

/** A process that claimed the alert and didn't send it so long is dead. */
const CLAIM_MS = 30_000;

/**
 * Records an unusable drop and alerts people once a day for each reason, however many files or events come. A
 * conditional write settles who sends the alert; if that process dies before it has, the next takes over. Returns the
 * alert's name in ops.alerts.
 */
export async function refuseDrop(refusal: Refusal, effects: RefusalEffects): Promise<string> {
  const { objects, clock, alerts } = effects;
  const at = clock.now();
  const id = refusalId(refusal.reason, at);
  const key = refusalKey(id);
  const stored = await objects.get(key);
  const told = stored === undefined ? undefined : parseDocument(stored.body, key, Telling);
  if (told?.toldAt !== undefined) return id;
  if (told !== undefined && at.getTime() - Date.parse(told.claimedAt) < CLAIM_MS) return id;
  const claim = { claimedAt: at.toISOString() };
  let etag: string;
  try {
    const condition = stored === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: stored.etag };
    etag = await objects.put(key, asJson(claim), condition);
  } catch (error) {
    if (error instanceof ConflictError) return id;
    throw error;
  }
  const { dataset, title, nextCommand, details } = refusal;
  await alerts.send({
    kind: 'drop-refused',
    dataset,
    runId: id,
    at: at.toISOString(),
    title,
    readersSee: 'Readers see what they saw before: nothing was started and nothing was written.',
    nextCommand,
    details,
  });
  await objects.put(key, asJson({ ...claim, toldAt: clock.now().toISOString() }), { ifMatch: etag });
  return id;
}

/** `refused-20240601-1f3a9c0b`: the day, and what the reason comes to. */
function refusalId(reason: string, at: Date): string {
  const day = at.toISOString().slice(0, 10).replaceAll('-', '');
  return `refused-${day}-${createHash('sha256').update(reason).digest('hex').slice(0, 8)}`;
}

function asJson(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
