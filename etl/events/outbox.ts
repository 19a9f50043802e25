import { outboxKey, outboxPrefix, toldKey } from '../naming/told.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import { parseDocument, putDocument } from '../stages/documents.ts';
import { PublishedEvent } from './published-event.ts';
import type { Told } from './table-change.ts';

/** What telling needs of the world. */
export type OutboxEffects = Pick<Effects, 'objects' | 'events'>;

/** Puts an event where it stays until programs were told. */
export async function keepEvent(objects: ObjectStore, event: PublishedEvent): Promise<void> {
  await putDocument(objects, outboxKey(event.dataset, event), event);
}

/**
 * Notes which states programs are told of. After the events were kept: a process that dies in between tells of them again,
 * and of none never.
 */
export async function noteTold(objects: ObjectStore, told: readonly Told[]): Promise<void> {
  for (const one of told) await putDocument(objects, toldKey(one.dataset), one);
}

/**
 * Tells programs what waits of a dataset's events, oldest first. What can't be told now stays for the next time, with those
 * after it; what is refused stays as well, and keeps no other. Nothing fails by that. Returns how many were told.
 */
export async function sendEvents({ objects, events }: OutboxEffects, dataset: string): Promise<number> {
  if (events === undefined) return 0;
  let sent = 0;
  for (const { key } of await objects.list(outboxPrefix(dataset))) {
    const stored = await objects.get(key);
    // Another process told it meanwhile.
    if (stored === undefined) continue;
    const answer = await events.publish(parseDocument(stored.body, key, PublishedEvent));
    if (answer === 'later') break;
    if (answer === 'refused') continue;
    await objects.remove(key);
    sent += 1;
  }
  return sent;
}
