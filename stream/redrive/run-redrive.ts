import { z } from 'zod';
import { ConfigError, ConflictError } from '../../etl/errors.ts';
import { redriveKey, redriveMarkKey, redrivePlanKey, redrivingPrefix } from '../../etl/naming/decisions.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import type { Effects } from '../../etl/ports.ts';
import { REDRIVE_COLUMNS } from '../../etl/quarantine/retry-files.ts';
import { writeRows } from '../../etl/quarantine/write-rows.ts';
import { recordDecision } from '../../etl/stages/decisions.ts';
import { parseDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import type { ObservedEvent } from '../event.ts';
import { withHeader } from './correct-event.ts';
import type { Redriven } from './plan-redrive.ts';

/** The headers of an event that was sent again: the evidence of the first, and the redrive. */
export const REDRIVE_HEADERS = { evidence: 'assay-evidence-id', redrive: 'assay-redrive-id' } as const;

/** Up to where a topic's partition reached. */
export const TopicEnd = z.object({
  topic: z.string(),
  topicId: z.string(),
  partition: z.int(),
  offset: z.int(),
});
export type TopicEnd = z.infer<typeof TopicEnd>;

/** Where events are sent again. */
export interface RedriveTarget {
  /** What names it in the plan: a broker, a file. */
  readonly name: string;
  /** Where the topics end now. */
  ends(topics: readonly string[]): Promise<readonly TopicEnd[]>;
  /** Evidence ids that events of a redrive behind some ends name; undefined where that can't be told any more. */
  sentSince(ends: readonly TopicEnd[], redriveId: string): Promise<ReadonlySet<string> | undefined>;
  /** Returns when they are durable there; throws TransientError where some may not be. */
  send(topic: string, events: readonly ObservedEvent[]): Promise<void>;
}

const RedriveDocument = z.object({
  format: z.literal(1),
  id: z.string(),
  dataset: z.string(),
  by: z.string(),
  reason: z.string(),
  at: z.string(),
  target: z.string(),
  events: z.array(z.object({ rowHash: z.string(), evidenceId: z.string() })),
});

/** What a redrive is about to send; kept before anything is sent. */
export type RedriveDocument = z.infer<typeof RedriveDocument>;

const Mark = z.object({ format: z.literal(1), ends: z.array(TopicEnd) });

type RedriveEffects = Effects;

/** Keeps a plan and the decision. */
export async function keepRedrive(
  effects: RedriveEffects,
  { id, dataset, events, word, target }: NewRedrive,
): Promise<RedriveDocument> {
  const document: RedriveDocument = {
    format: 1,
    id,
    dataset,
    ...word,
    at: effects.clock.now().toISOString(),
    target,
    events: events.map(({ rowHash, evidenceId }) => ({ rowHash, evidenceId })),
  };
  await putDocument(effects.objects, redrivePlanKey(dataset, id), document, { ifNoneMatch: '*' });
  const details = { events: events.length, target };
  await recordDecision(effects, { id, kind: 'redriven', dataset, ...word, runId: null, details });
  return document;
}

interface NewRedrive {
  readonly id: string;
  readonly dataset: string;
  readonly events: readonly Redriven[];
  readonly word: Word;
  readonly target: string;
}

/** A redrive of a dataset that was begun and isn't done, the oldest; undefined where there is none. */
export async function unfinishedRedrive(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<RedriveDocument | undefined> {
  const keys = (await objects.list(redrivingPrefix(dataset))).map(({ key }) => key);
  for (const key of keys.filter((one) => one.endsWith('/plan.json')).sort()) {
    const stored = await objects.get(key);
    const plan = stored && parseDocument(stored.body, key, RedriveDocument);
    if (plan === undefined) continue;
    if ((await objects.list(redriveKey(dataset, plan.id))).length === 0) return plan;
  }
  return undefined;
}

/** Events of one batch: what a death in between leaves in doubt. */
const BATCH_EVENTS = 100;

/** What was sent by now, and what had been sent before it. */
export interface RedriveResult {
  readonly sent: number;
  readonly before: number;
}

/**
 * Sends the events of a plan, batch by batch, and closes their records when all are sent. Before a batch is sent it notes
 * where the topics end, so that a repeat can look whether it is there: what is, isn't sent again. Where that can't be told
 * (the topic was cut off since) it throws ConfigError `REDRIVE_DOUBT`, unless `mayRepeat`.
 */
export async function runRedrive(
  effects: RedriveEffects,
  plan: RedriveDocument,
  { events, target, mayRepeat }: RedriveParts,
): Promise<RedriveResult> {
  let before = 0;
  for (let batch = 0; batch * BATCH_EVENTS < events.length; batch++) {
    const part = events.slice(batch * BATCH_EVENTS, (batch + 1) * BATCH_EVENTS);
    const open = await unsent(effects, plan, { batch, part, target, mayRepeat });
    before += part.length - open.length;
    for (const topic of new Set(open.map((one) => one.topic)))
      await target.send(
        topic,
        open.filter((one) => one.topic === topic).map((one) => redrivenEvent(one, plan.id)),
      );
    await putMark(effects, redriveMarkKey(plan.dataset, plan.id, { batch, is: 'sent' }), []);
  }
  await closeRedrive(effects, plan);
  return { sent: events.length - before, before };
}

interface RedriveParts {
  readonly events: readonly Redriven[];
  readonly target: RedriveTarget;
  readonly mayRepeat: boolean;
}

interface Batch {
  readonly batch: number;
  readonly part: readonly Redriven[];
  readonly target: RedriveTarget;
  readonly mayRepeat: boolean;
}

/** Those of a batch that aren't sent yet, as far as that can be known; what is about to be sent is noted. */
async function unsent(
  effects: RedriveEffects,
  { id, dataset }: RedriveDocument,
  { batch, part, target, mayRepeat }: Batch,
): Promise<readonly Redriven[]> {
  const { objects } = effects;
  if ((await objects.get(redriveMarkKey(dataset, id, { batch, is: 'sent' }))) !== undefined) return [];
  const key = redriveMarkKey(dataset, id, { batch, is: 'sending' });
  const stored = await objects.get(key);
  if (stored === undefined) {
    await putMark(effects, key, await target.ends([...new Set(part.map(({ topic }) => topic))]));
    return part;
  }
  const there = await target.sentSince(parseDocument(stored.body, key, Mark).ends, id);
  if (there !== undefined) return part.filter(({ evidenceId }) => !there.has(evidenceId));
  if (mayRepeat) return part;
  const names = part.map(({ evidenceId }) => evidenceId).slice(0, MOST_NAMED);
  throw new ConfigError(
    'REDRIVE_DOUBT',
    `A redrive died while it sent ${part.length} events (${names.join(', ')}${part.length > MOST_NAMED ? ', …' : ''}), and the topic no longer tells whether they arrived: look for the header ${REDRIVE_HEADERS.redrive} = ${id} among its readers; --send-again sends them all once more.`,
    { context: { dataset, redrive: id } },
  );
}

const MOST_NAMED = 5;

async function putMark({ objects }: Effects, key: string, ends: readonly TopicEnd[]): Promise<void> {
  try {
    await putDocument(objects, key, { format: 1, ends }, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** The event with headers that name what it was and which redrive sent it. */
export function redrivenEvent({ event, evidenceId }: Redriven, redriveId: string): ObservedEvent {
  const named = withHeader(event.headers, REDRIVE_HEADERS.evidence, evidenceId);
  return { ...event, headers: withHeader(named, REDRIVE_HEADERS.redrive, redriveId) };
}

/** Closes the records of a plan: what comes of their events are records of their own. */
export async function closeRedrive(
  effects: RedriveEffects,
  { id, dataset, by, reason, events }: RedriveDocument,
): Promise<void> {
  const redriven_at = effects.clock.now().toISOString();
  const rows = events.map(({ rowHash, evidenceId }) => ({
    ...{ decision_id: id, decided_by: by, reason, redriven_at },
    ...{ row_hash: rowHash, evidence_id: evidenceId },
  }));
  await writeRows(effects, { key: redriveKey(dataset, id), columns: REDRIVE_COLUMNS, rows });
}
