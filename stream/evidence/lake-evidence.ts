import { Buffer } from 'node:buffer';
import { ConflictError } from '../../etl/errors.ts';
import { evidenceKey, partitionWord, type StreamPlace } from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { refusedWrite } from '../landing/claim.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import type { EvidenceKeeper } from '../ports.ts';
import type { Evidence } from './evidence.ts';
import { evidenceAround } from './evidence-around.ts';
import { readEvidence } from './read-evidence.ts';

/** What is known of the evidence of a dataset's events of one partition. */
interface Known {
  /** Up to which offset evidence is kept. */
  readonly end: number;
  /** What an object that was adopted holds, by id: more than was asked for, perhaps. */
  readonly adopted: ReadonlyMap<string, Evidence>;
}

/** Is given evidence that was written, and the key of its object. */
export type OnKept = (key: string, evidence: readonly Evidence[]) => void;

const NOTHING_KNOWN: Known = { end: 0, adopted: new Map() };

/**
 * Keeps evidence in a lake: JSON Lines, an object for the events of a dataset in a call, written once. Where the same
 * events come again, what is there is adopted: an event whose evidence is kept is given none again, as long as events of a
 * partition come in order. Whoever reads takes the first of an id, for the case that a process died in between. `onKept` is
 * given what was written, and where.
 */
export function lakeEvidence(objects: ObjectStore, onKept?: OnKept): EvidenceKeeper {
  const known = new Map<string, Known>();
  const keepOf = async (all: readonly Evidence[], standing: Standing): Promise<void> => {
    const [first] = all;
    if (first === undefined) return;
    const place = placeOf(first);
    const of = `${first.dataset_urn} ${partitionWord(place)}`;
    const before = known.get(of) ?? (await aroundOf(objects, first));
    take(standing, all, before.adopted);
    const again = all.filter(
      ({ source, evidence_id: id }) => source.offset < before.end && !standing.has(id),
    );
    await findOf(objects, again, standing);
    for (let now = before; ; ) {
      const open = all.filter(({ source }) => source.offset >= now.end);
      if (open.length === 0) return;
      now = await putOrAdopt({ objects, onKept }, place, open);
      take(standing, all, now.adopted);
      known.set(of, now);
    }
  };
  return {
    async keep(evidence) {
      const standing: Standing = new Map();
      for (const group of byDataset(evidence)) await keepOf(group, standing);
      return evidence.map((one) => standing.get(one.evidence_id) ?? one);
    },
    async kept(evidence) {
      const standing: Standing = new Map();
      for (const group of byDataset(evidence)) await findOf(objects, group, standing);
      return evidence.map((one) => standing.get(one.evidence_id) ?? one);
    },
  };
}

/** Evidence that stands, by id. */
type Standing = Map<string, Evidence>;

const byDataset = (evidence: readonly Evidence[]): Evidence[][] =>
  [...new Set(evidence.map((one) => one.dataset_urn))].map((urn) =>
    evidence.filter((one) => one.dataset_urn === urn),
  );

function take(standing: Standing, asked: readonly Evidence[], there: ReadonlyMap<string, Evidence>): void {
  if (there.size === 0) return;
  for (const { evidence_id: id } of asked) {
    const one = there.get(id);
    if (one !== undefined) standing.set(id, one);
  }
}

/** What is known of a partition at first: the object that begins before the first event and reaches over it, since batches were cut otherwise then. */
async function aroundOf(objects: Pick<ObjectStore, 'get' | 'list'>, first: Evidence): Promise<Known> {
  const found = await evidenceAround(objects, first);
  return found === undefined ? NOTHING_KNOWN : { end: endOf(found), adopted: byId(found) };
}

/** Finds evidence that was kept before, also in objects of batches that were cut otherwise. */
async function findOf(
  objects: Pick<ObjectStore, 'get' | 'list'>,
  evidence: readonly Evidence[],
  standing: Standing,
): Promise<void> {
  for (let open = evidence; ; ) {
    const [first] = open;
    if (first === undefined) return;
    const key = keyOf(placeOf(first), first);
    const isThere = (await objects.get(key)) !== undefined;
    const found = isThere ? await readEvidence(objects, key) : await evidenceAround(objects, first);
    if (found === undefined) return;
    take(standing, open, byId(found));
    open = open.filter(({ source }) => source.offset >= endOf(found));
  }
}

const byId = (evidence: readonly Evidence[]): ReadonlyMap<string, Evidence> =>
  new Map(evidence.map((one) => [one.evidence_id, one]));

const placeOf = ({ source }: Evidence): StreamPlace => ({
  cluster: source.cluster,
  topicId: source.topic_id,
  partition: source.partition,
});

/** Writes them as one object, or finds the one that is there. */
async function putOrAdopt(
  { objects, onKept }: { readonly objects: ObjectStore; readonly onKept: OnKept | undefined },
  place: StreamPlace,
  evidence: readonly Evidence[],
): Promise<Known> {
  const [first] = evidence;
  if (first === undefined) return NOTHING_KNOWN;
  const key = keyOf(place, first);
  const body = Buffer.from(evidence.map((one) => `${JSON.stringify(one)}\n`).join(''));
  try {
    await objects.put(key, body, { ifNoneMatch: '*' });
    onKept?.(key, evidence);
    return { end: endOf(evidence), adopted: new Map() };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  if ((await objects.get(key)) === undefined) throw refusedWrite(key);
  const there = await readEvidence(objects, key);
  return { end: endOf(there), adopted: byId(there) };
}

const endOf = (evidence: readonly Evidence[]): number => (evidence.at(-1)?.source.offset ?? -1) + 1;

function keyOf(place: StreamPlace, { dataset_urn, source }: Evidence): string {
  const dataset = dataset_urn === UNKNOWN_DATASET ? undefined : datasetOfUrn(dataset_urn);
  return evidenceKey(dataset, { place, offset: source.offset, at: source.broker_time });
}
