import { outboxKey, outboxPrefix, toldKey } from '../naming/told.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import { parseDocument, putDocument } from '../stages/stored-documents.ts';
import { PublishedEvent } from './published-event.ts';
import type { Told } from './table-change.ts';

/** Effects for notifying programs. */
export type OutboxEffects = Pick<Effects, 'objects' | 'events'>;

/** Stores an event until it is sent to programs. */
export async function keepEvent(objects: ObjectStore, event: PublishedEvent): Promise<void> {
  await putDocument(objects, outboxKey(event.dataset, event), event);
}

/**
 * Notes the states that programs know of. Call it after storing the events: a process that dies in between sends them
 * twice, not never.
 */
export async function noteTold(objects: ObjectStore, told: readonly Told[]): Promise<void> {
  for (const one of told) await putDocument(objects, toldKey(one.dataset), one);
}

/**
 * Sends programs a dataset's stored events, oldest first. An event that can't be sent now stays for the next time, with
 * all later ones. A refused one stays, too, but blocks no other. Never fails for that. Returns how many it sent.
 */
export async function sendEvents({ objects, events }: OutboxEffects, dataset: string): Promise<number> {
  if (events === undefined) return 0;
  let sent = 0;
  for (const { key } of await objects.list(outboxPrefix(dataset))) {
    const stored = await objects.get(key);
    // Another process sent it meanwhile.
    if (stored === undefined) continue;
    const answer = await events.publish(parseDocument(stored.body, key, PublishedEvent));
    if (answer === 'later') break;
    if (answer === 'refused') continue;
    await objects.remove(key);
    sent += 1;
  }
  return sent;
}
