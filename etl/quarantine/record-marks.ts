import { datasetPath } from '../naming/datasets.ts';
import { correctionsPrefix, redrivesPrefix, releasesPrefix, retriesPrefix } from '../naming/decisions.ts';
import { heldPrefix } from '../naming/runs.ts';
import { pointerKey } from '../naming/tables.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';

/** What a dataset's failed records were made from, as text: another text, other records. */
export interface RecordMarks {
  /** The pointer, and what was retried, released and set aside: whatever decides about states. */
  readonly rows: string;
  /** What people corrected. */
  readonly corrected: string;
}

/**
 * The marks of some datasets, by dataset. Costs one read of each pointer and, however many datasets there are, six
 * lists.
 */
export async function recordMarks(
  objects: ObjectStore,
  datasets: readonly string[],
): Promise<ReadonlyMap<string, RecordMarks>> {
  const [only] = datasets;
  const one = datasets.length === 1 ? only : undefined;
  const prefixes = {
    retries: retriesPrefix,
    releases: releasesPrefix,
    redrives: redrivesPrefix,
    held: heldPrefix,
  } as const;
  const lists = await Promise.all(
    Object.values(prefixes).map(async (prefixOf) => byDataset(await objects.list(prefixOf(one)), prefixOf())),
  );
  const corrected = byDataset(await objects.list(correctionsPrefix(one)), correctionsPrefix());
  const marks = await Promise.all(
    datasets.map(async (dataset) => {
      const etag = (await objects.get(pointerKey('silver', dataset)))?.etag ?? '';
      const path = datasetPath(dataset);
      const rows = [etag, ...lists.map((list) => list.get(path) ?? '')].join(' | ');
      return [dataset, { rows, corrected: `${etag} ${corrected.get(path) ?? ''}` }] as const;
    }),
  );
  return new Map(marks);
}

/** The objects of each dataset by its path, as text: how many, and the last that was written. */
function byDataset(listed: readonly ObjectInfo[], folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const { key, sizeBytes, modifiedMs } of listed) {
    const path = key.slice(folder.length, key.lastIndexOf('/'));
    found.set(path, `${found.get(path) ?? ''}${key.slice(key.lastIndexOf('/'))}:${sizeBytes}:${modifiedMs}`);
  }
  return found;
}
