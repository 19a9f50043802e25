import { evidencePrefix, partitionWord, type StreamPlace } from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './read-evidence.ts';

/** Finds the evidence of an event by where it stands. */
export type EvidenceAt = (place: StreamPlace, offset: number) => Promise<Evidence | undefined>;

/** Evidence of a dataset by place: one list of keys, and an object or a few for each place that is asked for. */
export async function openEvidenceAt(
  objects: Pick<ObjectStore, 'list' | 'get'>,
  dataset: string,
): Promise<EvidenceAt> {
  const byPartition = new Map<string, { readonly first: number; readonly key: string }[]>();
  for (const { key } of await objects.list(evidencePrefix(dataset))) {
    const [, word = '', first = ''] = /\/[^/-]+-(.+)\.(\d{16})\.jsonl$/.exec(key) ?? [];
    const keys = byPartition.get(word) ?? [];
    keys.push({ first: Number(first), key });
    byPartition.set(word, keys);
  }
  for (const keys of byPartition.values()) keys.sort((a, b) => b.first - a.first);
  let last: { readonly key: string; readonly evidence: readonly Evidence[] } | undefined;
  return async (place, offset) => {
    const before = (byPartition.get(partitionWord(place)) ?? []).filter(({ first }) => first <= offset);
    // Where a process died, objects may overlap: what was judged first counts.
    const found: Evidence[] = [];
    for (const { key } of before.slice(0, MOST_OVERLAPPING)) {
      if (last?.key !== key) last = { key, evidence: await readEvidence(objects, key) };
      found.push(...last.evidence.filter(({ source }) => source.offset === offset));
    }
    return found.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1))[0];
  };
}

const MOST_OVERLAPPING = 3;
