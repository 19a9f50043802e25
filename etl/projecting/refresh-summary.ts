import type { RefreshedProjection } from './refreshed-projection.ts';

/** What a refresh counts of a projection. */
export type RefreshCounts = Omit<RefreshedProjection, 'table'>;

/** What a snapshot of a projection's states says of what its refresh did: keys of its summary. */
const KEYS: Readonly<Record<keyof RefreshCounts, string>> = {
  streams: 'assay.streams',
  anew: 'assay.streams-anew',
  events: 'assay.folded-events',
  restated: 'assay.restated-values',
};

/** A refresh's counts for the summary of the snapshot that it makes. */
export const countsSummary = ({
  streams,
  anew,
  events,
  restated,
}: RefreshCounts): Readonly<Record<string, string>> => ({
  [KEYS.streams]: String(streams),
  [KEYS.anew]: String(anew),
  [KEYS.events]: String(events),
  [KEYS.restated]: String(restated),
});

/** The counts that a snapshot's summary has; undefined where it is of a commit that folded nothing. */
export function countsOf(summary: Readonly<Record<string, string>>): RefreshCounts | undefined {
  const count = (name: keyof RefreshCounts): number => Number(summary[KEYS[name]] ?? Number.NaN);
  const counts = {
    streams: count('streams'),
    anew: count('anew'),
    events: count('events'),
    restated: count('restated'),
  };
  return Object.values(counts).every(Number.isSafeInteger) ? counts : undefined;
}
