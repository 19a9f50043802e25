import type { Told } from '../../etl/following/next-changes.ts';
import { placeText } from '../../etl/following/place.ts';
import { plural } from '../print/format.ts';

/** So many streams are named on a line. */
const NAMED = 5;

/** What a follower was told, as JSON Lines: an object each, with the id to go on from. */
export function toldJson(projection: string, told: readonly Told[]): string[] {
  return told.flatMap((one) => {
    const head = { event: one.kind, id: placeText(one.place), projection };
    if (one.kind === 'nothing') return [];
    if (one.kind !== 'change') {
      const why = one.kind === 'reset' ? { why: one.why } : {};
      return [JSON.stringify({ ...head, snapshot: one.snapshot, ...why })];
    }
    const { snapshot, publishedAt, change } = one;
    return [JSON.stringify({ ...head, ...change, snapshot, publishedAt })];
  });
}

/** The same for people: a line for each publication. */
export function toldText(projection: string, told: readonly Told[]): string[] {
  return told.flatMap((one, n) => {
    if (one.kind === 'ready')
      return [
        one.snapshot === 0
          ? `${projection}: nothing published yet`
          : `${projection}: from snapshot ${one.snapshot} on`,
      ];
    if (one.kind === 'reset')
      return [`${projection}: ${WHY[one.why]}; read it anew as of snapshot ${one.snapshot}`];
    if (one.kind === 'nothing' || n > 0) return [];
    const changes = told.flatMap((each) => (each.kind === 'change' ? [each.change] : []));
    const names = changes.slice(0, NAMED).map(({ stream }) => stream);
    const more = changes.length > NAMED ? ' …' : '';
    const newest = changes
      .map(({ at }) => at ?? '')
      .sort()
      .at(-1);
    const when = newest === undefined || newest === '' ? '' : `; newest event of ${newest}`;
    return [
      `${projection}: ${plural(changes.length, 'stream')} changed (${names.join(', ')}${more})${when}; published ${one.publishedAt}, snapshot ${one.snapshot}`,
    ];
  });
}

const WHY = {
  expired: 'what changed can not be told any more, since the snapshot to go on from is gone',
  'too-many': 'too many streams changed to tell one by one',
} as const;
