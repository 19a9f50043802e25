import { z } from 'zod';
import { requireProjection } from '../../etl/asking/require-projection.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import type { Told } from '../../etl/following/next-changes.ts';
import { placeText } from '../../etl/following/place.ts';
import type { Piece } from '../http/event-pieces.ts';
import { STILL } from '../http/event-stream.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import { openSeenChanges, type SeenChanges } from '../projections/seen-changes.ts';
import { piecesRoute } from './events-route.ts';

/** A piece holds about so much: what a function on AWS answers, too. */
const PIECE_LENGTH = 256 * 1024;

/** After so long a browser asks again: at once, on AWS, where each answer ends. */
const RETRY_MS = 1_000;

/** GET /v1/projections/{projection}/changes. */
export const projectionChanges = piecesRoute({
  path: '/v1/projections/{projection}/changes',
  permission: 'gold.read',
  tag: 'Projections',
  summary:
    'Follows a projection: ready, then change with all rows of each stream that changed, or reset where all is to be read anew',
  params: z.strictObject({ projection: z.string().meta({ description: 'e.g. shop.order_state' }) }),
  query: z.strictObject({
    stream: z.string().max(4000).exactOptional().meta({ description: 'one stream alone' }),
    since: z.string().max(60).exactOptional().meta({
      description:
        'where to go on: the id of an event, or a snapshot, 0 for all there is; the header Last-Event-ID goes before it',
    }),
  }),
  async source({ params: { projection }, query, identity, lastEventId }, service) {
    const { effects } = service.lake;
    const loaded = await loadContracts(effects.contracts);
    const contract = requireProjection(requireContract(loaded, projection));
    const followed = service.changes.of(contract);
    const seen = openSeenChanges(effects, {
      ...{ contract, loaded, followed, reader: readerOf(identity), stream: query.stream },
      since: lastEventId === undefined || lastEventId === '' ? query.since : lastEventId,
    });
    await noteProductRead(service, { identity, way: 'api' }, { dataset: projection });
    return { piece: piecesOf(seen, projection), listen: followed.listen };
  },
});

/** Makes pieces of what a follower is told: what doesn't fit into one waits for the next. */
function piecesOf(seen: SeenChanges, projection: string): (why: 'changed' | 'still') => Promise<Piece> {
  let left: readonly Told[] = [];
  let head = `retry: ${RETRY_MS}\n`;
  return async (why) => {
    if (left.length === 0 && why === 'changed') left = await seen.next();
    if (left.length === 0) return { text: why === 'changed' ? undefined : STILL, next: 'wait' };
    let [text, n] = ['', 0];
    for (; n < left.length && text.length < PIECE_LENGTH; n++)
      text += eventText(left[n], left[n + 1], projection);
    left = left.slice(n);
    [text, head] = [head + text, ''];
    return { text, next: left.length > 0 ? 'more' : 'wait' };
  };
}

/** An event; of several that say nothing the last id is enough, which browsers keep. */
function eventText(told: Told | undefined, next: Told | undefined, projection: string): string {
  if (told === undefined || (told.kind === 'nothing' && next !== undefined)) return '';
  const id = `id: ${placeText(told.place)}\n`;
  const event = (value: object): string => `${id}event: ${told.kind}\ndata: ${JSON.stringify(value)}\n\n`;
  switch (told.kind) {
    case 'nothing':
      return `${id}\n`;
    case 'ready':
      return event({ projection, snapshot: told.snapshot });
    case 'reset':
      return event({ projection, snapshot: told.snapshot, why: told.why });
    case 'change':
      return event({ projection, ...told.change, snapshot: told.snapshot, publishedAt: told.publishedAt });
  }
}
