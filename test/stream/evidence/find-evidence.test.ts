import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lakeFolder } from '../../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../../adapters/local/object-store.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import type { Evidence } from '../../../stream/evidence/evidence.ts';
import { type EvidenceFilter, findEvidence } from '../../../stream/evidence/find-evidence.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { ORDERS } from '../gates/judging.ts';
import { evidenceOf, keep, START_MS } from '../signals/making.ts';

let objects: ObjectStore;
let dispose: () => Promise<void>;
const reads: string[] = [];

const at = (partition: number, offset: number): Evidence => {
  const one = evidenceOf({ atMs: START_MS + offset * 1_000, offset });
  return {
    ...one,
    evidence_id: `evd-${partition}-${offset}`.padEnd(12, 'x'),
    source: { ...one.source, partition },
  };
};

beforeAll(async () => {
  const { folder, dispose: remove } = await tempFolder();
  const store = fileObjectStore(lakeFolder(folder));
  objects = {
    ...store,
    get: async (key) => {
      reads.push(key);
      return await store.get(key);
    },
  };
  dispose = remove;
  for (const partition of [1, 11])
    for (const first of [0, 10])
      await keep(
        store,
        [0, 1, 2].map((n) => at(partition, first + n)),
      );
});
afterAll(() => dispose());

const places = async (filter: EvidenceFilter): Promise<string[]> => {
  reads.length = 0;
  const { evidence } = await findEvidence(objects, filter, { limit: 100 });
  return evidence.map(({ source }) => `${source.partition}:${source.offset}`);
};

test('the newest stand first, also within what was written as one', async () => {
  const of = (partition: number) => [12, 11, 10, 2, 1, 0].map((offset) => `${partition}:${offset}`);
  expect((await places({})).filter((place) => place.startsWith('1:'))).toEqual(of(1));
  expect((await places({})).filter((place) => place.startsWith('11:'))).toEqual(of(11));
});

test('of a partition and an offset no object is read that has neither by its name', async () => {
  expect(await places({ partition: 11 })).toHaveLength(6);
  expect(reads).toHaveLength(2);
  expect(await places({ partition: 1, offset: 2 })).toEqual(['1:2']);
  expect(reads).toHaveLength(1);
});

test('of a dataset, what is old is listed only where what is new does not do', async () => {
  const lists: (string | undefined)[] = [];
  const counting: ObjectStore = {
    ...objects,
    list: async (prefix, after) => {
      lists.push(after);
      return await objects.list(prefix, after);
    },
  };
  const soon = new Date(START_MS + 60_000);
  const all = await findEvidence(counting, { datasetUrn: ORDERS }, { limit: 100, now: soon });
  expect([all.evidence.length, lists.length]).toEqual([12, 4]);
  lists.length = 0;
  const some = await findEvidence(counting, { datasetUrn: ORDERS }, { limit: 3, now: soon });
  expect([some.evidence, lists.length]).toEqual([all.evidence.slice(0, 3), 1]);
  // Page by page each comes once, whenever it is asked for, and in the same order.
  const later = [5_000 + 3_600_000, 3 * 3_600_000, 40 * 86_400_000].map((ms) => new Date(START_MS + ms));
  for (const now of [soon, ...later]) {
    const seen: Evidence[] = [];
    for (let before: string | undefined, page = 0; page < 9; page++) {
      const found = await findEvidence(
        counting,
        { datasetUrn: ORDERS },
        { limit: 3, now, ...(before === undefined ? {} : { before }) },
      );
      seen.push(...found.evidence);
      if (found.next === undefined) break;
      before = found.next;
    }
    expect(seen).toEqual(all.evidence);
  }
});
