import { Buffer } from 'node:buffer';
import { ConflictError } from '../../etl/errors.ts';
import { evidenceKey, partitionWord, type StreamPlace } from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { refusedWrite } from '../landing/claim.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import type { EvidenceSink } from '../ports.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './read-evidence.ts';

/**
 * Keeps evidence in a lake: JSON Lines, an object for the events of a dataset in a call, written once. Where the same
 * events come again, what is there is adopted: an event whose evidence is kept is given none again, as long as events of a
 * partition come in order. Whoever reads takes the first of an id, for the case that a process died in between.
 */
export function lakeEvidence(objects: ObjectStore): EvidenceSink {
  /** By dataset and partition: up to which offset evidence is known to be kept. */
  const ends = new Map<string, number>();
  const keep = async (all: readonly Evidence[]): Promise<void> => {
    const [first] = all;
    if (first === undefined) return;
    const place = placeOf(first);
    const of = `${first.dataset_urn} ${partitionWord(place)}`;
    for (;;) {
      const end = ends.get(of) ?? 0;
      const open = all.filter(({ source }) => source.offset >= end);
      const [next] = open;
      if (next === undefined) return;
      ends.set(of, await putOrAdopt(objects, place, open));
    }
  };
  return {
    async emit(evidence) {
      for (const urn of new Set(evidence.map((one) => one.dataset_urn)))
        await keep(evidence.filter((one) => one.dataset_urn === urn));
    },
  };
}

const placeOf = ({ source }: Evidence): StreamPlace => ({
  cluster: source.cluster,
  topicId: source.topic_id,
  partition: source.partition,
});

/** Writes them as one object, or finds the one that is there; returns the offset behind its last. */
async function putOrAdopt(
  objects: ObjectStore,
  place: StreamPlace,
  evidence: readonly Evidence[],
): Promise<number> {
  const [first] = evidence;
  if (first === undefined) return 0;
  const key = keyOf(place, first);
  const body = Buffer.from(evidence.map((one) => `${JSON.stringify(one)}\n`).join(''));
  try {
    await objects.put(key, body, { ifNoneMatch: '*' });
    return endOf(evidence);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  if ((await objects.get(key)) === undefined) throw refusedWrite(key);
  return endOf(await readEvidence(objects, key));
}

const endOf = (evidence: readonly Evidence[]): number => (evidence.at(-1)?.source.offset ?? -1) + 1;

function keyOf(place: StreamPlace, { dataset_urn, source }: Evidence): string {
  const dataset = dataset_urn === UNKNOWN_DATASET ? undefined : datasetOfUrn(dataset_urn);
  return evidenceKey(dataset, { place, offset: source.offset, at: source.broker_time });
}
