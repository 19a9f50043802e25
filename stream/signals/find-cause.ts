import type { Cause } from './incident.ts';
import { FACTS, type Fact, mostOf, type Share, type WindowCounts } from './window-counts.ts';

/** A value is what changed where so many of the events that fail have it. */
const MOST_OF_THEM = 0.8;

/** Where the events themselves deny whom the policy knows, their producer is in doubt and no cause. */
const CONTRADICTED = 'PRODUCER_MISMATCH';

const WORDS: Readonly<Record<Fact, string>> = {
  contract_version: "the contract's version",
  schema_id: 'the schema',
  producer_id: 'the producer',
};

/**
 * Why events fail: the gate and reason that most have, the first event with it, what only failed events have, and who
 * writes them. Only gates that `isMeant` are counted.
 */
export function findCause(
  recent: WindowCounts,
  before: WindowCounts,
  isMeant: (reason: string) => boolean = () => true,
): Cause {
  const reason = dominantOf(recent, isMeant);
  const found = reason === undefined ? undefined : recent.reasons.get(reason);
  const [first = null] = found?.samples ?? [];
  const isDenied = reason === CONTRADICTED;
  const changed = found === undefined ? [] : changesOf(found, { recent, before, isDenied });
  const named = found === undefined ? undefined : aloneOf(found.facts.producer_id);
  const producer = isDenied ? undefined : named;
  const counts = {
    events: recent.passed + recent.failed,
    failed: recent.failed,
    failed_for_reason: found?.events ?? 0,
  };
  return {
    text: textOf({ ...counts, reason, first, changed, who: whoOf(named, isDenied) }),
    gate: mostOf(recent.gates) ?? null,
    reason: reason ?? null,
    ...counts,
    first_bad: first,
    changed,
    producer_id: producer ?? null,
    samples: found?.samples ?? [],
  };
}

/** The reason that most events failed for; of several, the one that came first. */
function dominantOf({ reasons }: WindowCounts, isMeant: (reason: string) => boolean): string | undefined {
  const meant = [...reasons].flatMap(
    ([
      reason,
      {
        events,
        samples: [first],
      },
    ]) =>
      isMeant(reason)
        ? [{ reason, events, at: first === undefined ? '' : `${first.at} ${first.offset}` }]
        : [],
  );
  meant.sort((a, b) => b.events - a.events || (a.at < b.at ? -1 : 1));
  return meant[0]?.reason;
}

type Found = NonNullable<ReturnType<WindowCounts['reasons']['get']>>;

/** Facts that most of the failed events have and none that passed, of which there must be some. */
function changesOf(
  found: Found,
  {
    recent,
    before,
    isDenied,
  }: { readonly recent: WindowCounts; readonly before: WindowCounts; readonly isDenied: boolean },
): Cause['changed'] {
  return FACTS.flatMap((what) => {
    if (isDenied && what === 'producer_id') return [];
    const now = mostOf(found.facts[what]);
    if (now === undefined || (found.facts[what].get(now) ?? 0) < MOST_OF_THEM * found.events) return [];
    const good = new Set([...passedWith(recent.facts[what]), ...passedWith(before.facts[what])]);
    return good.size === 0 || good.has(now) ? [] : [{ what, before: [...good].sort().slice(0, 10), now }];
  });
}

const passedWith = (shares: ReadonlyMap<string, Share>): string[] =>
  [...shares].flatMap(([value, { passed }]) => (passed > 0 ? [value] : []));

/** Who wrote them, in words; of events that contradict whom the policy knows, that is what is not known. */
function whoOf(producer: string | undefined, isDenied: boolean): readonly string[] {
  if (producer === undefined) return [];
  return isDenied
    ? ['The events name another producer than their policy knows, or several at once.']
    : [`All of them are of the producer ${producer}.`];
}

const aloneOf = (counts: ReadonlyMap<string, number>): string | undefined => {
  const [first, ...others] = counts.keys();
  return others.length === 0 ? first : undefined;
};

function textOf({
  events,
  failed_for_reason: failed,
  reason,
  first,
  changed,
  who,
}: Pick<Cause, 'events' | 'failed_for_reason' | 'changed'> & {
  readonly reason: string | undefined;
  readonly first: Cause['first_bad'];
  readonly who: readonly string[];
}): string {
  if (reason === undefined || first === null) return 'No event failed.';
  const where = `offset ${first.offset} of ${first.topic}, partition ${first.partition}`;
  const begin = `${failed} of ${events} events failed with ${reason}, the first at ${where}.`;
  const changes = changed.map(
    ({ what, before, now }) => `With it ${WORDS[what]} changed from ${before.join(' or ')} to ${now}.`,
  );
  return [begin, ...(changes.length > 0 ? changes : who)].join(' ');
}
