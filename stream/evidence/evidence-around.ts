import { evidenceFrom, evidencePrefix, evidenceStart } from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './read-evidence.ts';

const MINUTE_MS = 60_000;

/** How far back it looks, one after the other: a batch spans seconds, or the days for which nobody read. */
const BACK_MS = [10 * MINUTE_MS, 24 * 60 * MINUTE_MS, 30 * 24 * 60 * MINUTE_MS];

/**
 * The evidence in the object that begins before an event of a dataset's partition and reaches over it; undefined where
 * none does. Keys are by the broker's time: it lists those since a while before the event, and all where there is none.
 */
export async function evidenceAround(
  objects: Pick<ObjectStore, 'get' | 'list'>,
  { dataset_urn: urn, source }: Evidence,
): Promise<readonly Evidence[] | undefined> {
  const dataset = urn === UNKNOWN_DATASET ? undefined : datasetOfUrn(urn);
  const place = { cluster: source.cluster, topicId: source.topic_id, partition: source.partition };
  const atMs = Date.parse(source.broker_time);
  for (const backMs of [...BACK_MS, Number.POSITIVE_INFINITY]) {
    const since = new Date(Math.max(0, atMs - backMs)).toISOString();
    const listed = await objects.list(evidencePrefix(dataset), evidenceFrom(dataset, since));
    const before = listed.flatMap(({ key }) => {
      const start = evidenceStart(key, place);
      return start !== undefined && start < source.offset ? [{ key, start }] : [];
    });
    if (before.length === 0) continue;
    const nearest = before.reduce((last, one) => (one.start > last.start ? one : last));
    const found = await readEvidence(objects, nearest.key);
    return (found.at(-1)?.source.offset ?? -1) >= source.offset ? found : undefined;
  }
  return undefined;
}
