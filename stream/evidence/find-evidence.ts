import { EVIDENCE_PREFIX, evidenceBegin, evidenceFrom, evidencePrefix } from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './read-evidence.ts';

/** Which evidence is meant; all that is said must hold. */
export interface EvidenceFilter {
  /** `urn:dp:unknown` for events of no known dataset. */
  readonly datasetUrn?: string;
  readonly result?: Evidence['validation']['result'];
  /** A gate that it failed at. */
  readonly gate?: string;
  /** A reason code or its beginning up to the colon: `NULL_VALUE:customer_id`, `NULL_VALUE`. */
  readonly reason?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  /** An evidence id, or at least eight signs of its beginning. */
  readonly id?: string;
}

/** Some evidence, and from where on there is more. */
export interface EvidencePage {
  readonly evidence: readonly Evidence[];
  /** Pass as `before` to get what is older; absent where there is none. */
  readonly next?: string;
}

/** How much evidence is wanted, and from where on. */
export interface EvidenceAsked {
  readonly limit: number;
  readonly before?: string;
  /** Of a dataset the last days' objects are listed first then, and earlier ones only where those don't do. */
  readonly now?: Date;
}

/**
 * Evidence that a lake keeps, the newest first: objects by their first event, and in each the last offset first; each id
 * once, as it was judged first. At least `limit` where there are so many: an object is read as a whole, and none is that its
 * name says to be of another partition, or to begin behind the offset.
 */
export async function findEvidence(
  objects: Pick<ObjectStore, 'list' | 'get'>,
  filter: EvidenceFilter,
  { limit, before, now }: EvidenceAsked,
): Promise<EvidencePage> {
  const found = new Map<string, Evidence>();
  let [isBehind, last]: [boolean, string | undefined] = [before === undefined, undefined];
  for await (const key of newestFirst(objects, filter, now)) {
    if (last !== undefined && found.size >= limit) return { evidence: [...found.values()], next: last };
    const isMeantKey = isBehind && mayHold(key, filter);
    isBehind ||= key === before;
    if (!isMeantKey) continue;
    last = key;
    for (const one of (await readEvidence(objects, key)).reverse()) {
      const known = found.get(one.evidence_id);
      const isFirst = known === undefined || one.timestamp < known.timestamp;
      if (isFirst && isMeant(one, filter)) found.set(one.evidence_id, one);
    }
  }
  return { evidence: [...found.values()] };
}

const HOUR_MS = 3_600_000;

/** How far back objects are listed, one after the other; then all. */
const BACK_MS = [HOUR_MS, 24 * HOUR_MS, 30 * 24 * HOUR_MS];

/** Keys of evidence, that of the newest events first; of one moment the highest, and so of a partition the highest offset. */
async function* newestFirst(
  objects: Pick<ObjectStore, 'list'>,
  { datasetUrn: urn }: EvidenceFilter,
  now: Date | undefined,
): AsyncGenerator<string> {
  if (urn === undefined) {
    const keys = (await objects.list(EVIDENCE_PREFIX)).map(({ key }) => ({ key, at: momentOf(key) }));
    keys.sort((a, b) => (a.at === b.at ? (a.key < b.key ? 1 : -1) : a.at < b.at ? 1 : -1));
    yield* keys.map(({ key }) => key);
    return;
  }
  const dataset = urn === UNKNOWN_DATASET ? undefined : datasetOfUrn(urn);
  const froms = (now === undefined ? [] : BACK_MS).map((backMs) =>
    evidenceFrom(dataset, new Date(Math.max(0, (now?.getTime() ?? 0) - backMs)).toISOString()),
  );
  let until: string | undefined;
  for (const from of [...froms, undefined]) {
    const listed = await objects.list(evidencePrefix(dataset), from);
    const given = until;
    yield* listed.flatMap(({ key }) => (given === undefined || key < given ? [key] : [])).reverse();
    until = from;
  }
}

/** Whether an object may have evidence that is meant, by its name. */
function mayHold(key: string, { partition, offset }: EvidenceFilter): boolean {
  const begin = evidenceBegin(key);
  if (begin === undefined) return true;
  return (
    (partition === undefined || begin.partition === partition) &&
    (offset === undefined || begin.offset <= offset)
  );
}

const momentOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1).split('-')[0] ?? '';

function isMeant(one: Evidence, filter: EvidenceFilter): boolean {
  const { result, gate, reason, topic, partition, offset, id } = filter;
  const { validation, source } = one;
  return (
    (result === undefined || validation.result === result) &&
    (gate === undefined || validation.failed_gates.some((name) => name === gate.toUpperCase())) &&
    (reason === undefined ||
      [...validation.reason_codes, ...validation.warnings].some(
        (code) => code === reason || code.startsWith(`${reason}:`),
      )) &&
    (topic === undefined || source.raw_topic === topic) &&
    (partition === undefined || source.partition === partition) &&
    (offset === undefined || source.offset === offset) &&
    (id === undefined || one.evidence_id.startsWith(id))
  );
}
