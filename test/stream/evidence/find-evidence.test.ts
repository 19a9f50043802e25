import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lakeFolder } from '../../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../../adapters/local/object-store.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import type { Evidence } from '../../../stream/evidence/evidence.ts';
import { type EvidenceFilter, findEvidence } from '../../../stream/evidence/find-evidence.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
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
