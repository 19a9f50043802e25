import { createHash } from 'node:crypto';
import { eventPieces, type PieceSource } from './event-pieces.ts';

/** What is told of, and when to look at it. */
export interface Told extends Omit<PieceSource, 'piece'> {
  /** What is told now; after the last there is nothing more to tell. */
  look(): Promise<{ readonly value: unknown; readonly isLast: boolean }>;
  /** The id of the event that the listener had last. */
  readonly lastEventId: string | undefined;
}

/** The id by which a value is known again. */
export const eventIdOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 16);

/**
 * Server-sent events: the value as it is, unless the listener has it, and again whenever it has changed, as `change`; the
 * last of them as `end`. Between them a comment from time to time. What a slow listener misses is never told: it gets the newest.
 */
export function eventStream(told: Told): ReadableStream<Uint8Array> {
  let lastId = told.lastEventId;
  return eventPieces({
    ...told,
    async piece(why) {
      const { value, isLast } = await told.look();
      const text = JSON.stringify(value);
      const id = eventIdOf(text);
      if (id === lastId && !isLast) return { text: why === 'changed' ? undefined : STILL, next: 'wait' };
      lastId = id;
      const event = isLast ? 'end' : 'change';
      return { text: `id: ${id}\nevent: ${event}\ndata: ${text}\n\n`, next: isLast ? 'last' : 'wait' };
    },
  });
}

/** A comment, by which connections are kept. */
export const STILL = ': still here\n\n';
