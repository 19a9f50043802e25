import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const HEX_32_BYTES = z.string().regex(/^[0-9a-f]{64}$/);

/** A subject that was forgotten. Nothing here can be led to an id or a pseudonym without the vault. */
const ForgottenSubject = z.object({
  kind: z.literal('subject'),
  /** What the vault finds the subject by: a digest of kind and id under its pepper. */
  index: HEX_32_BYTES,
  /** A digest of the reference under a secret of the vault, and the shard that its keys were in. */
  reference: z.object({ digest: HEX_32_BYTES, shard: z.number().int().min(0).max(255) }),
  /** Until when the subject's older records are known as forgotten. */
  until: z.iso.datetime(),
});

/** A period whose key was destroyed. */
const DestroyedPeriod = z.object({
  kind: z.literal('period'),
  dataset: z.string(),
  group: z.string(),
  period: z.string().regex(/^\d{6}$/),
});

/** What was made unreadable for good: when, by whom and why. */
export const Erasure = z.object({
  format: z.literal(1),
  id: z.string().regex(/^[\w-]+$/),
  at: z.iso.datetime(),
  by: z.string(),
  reason: z.string(),
  of: z.discriminatedUnion('kind', [ForgottenSubject, DestroyedPeriod]),
});
export type Erasure = z.infer<typeof Erasure>;

/** A new id, the moment in front: the log is read from where it was read to. */
export const newErasureId = (now: Date): string => `${momentId(now)}-${randomBytes(8).toString('hex')}`;

/** What ids of erasures from a moment on begin with, or come behind. */
export const momentId = (moment: Date): string => moment.toISOString().replace(/[-:.]/g, '');

/** Clocks of machines that share a log differ by less. */
export const SKEW_MS = 24 * 3600 * 1000;

/** Who has something erased, and why. */
export interface ErasureOrigin {
  readonly by: string;
  readonly reason: string;
}

/**
 * Every erasure there was, kept apart from the vault's keys: it is added to before keys go, so that neither a crash nor
 * an older copy of the vault brings one back.
 */
export interface ErasureLog {
  /** Durable before it returns. */
  add(erasure: Erasure): Promise<void>;
  /** All of them by time, also those that others added meanwhile. */
  all(): Promise<readonly Erasure[]>;
}

/** An erasure of a moment, with an id of that moment unless it has one. */
export function newErasure(
  now: Date,
  { by, reason, id = newErasureId(now) }: ErasureOrigin & { readonly id?: string },
  of: Erasure['of'],
): Erasure {
  return { format: 1, id, at: now.toISOString(), by, reason, of };
}
