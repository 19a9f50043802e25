import { bytesOf, hashOf, MOST_KEY_BYTES } from './bronze.ts';
import { datasetPath } from './datasets.ts';

/** Keys of upkeep. They are made in this folder and nowhere else. */

/** Who is writing files of a dataset that no snapshot names yet, beside the runs. */
export const writersPrefix = (dataset: string): string => `ops/writers/${datasetPath(dataset)}/`;

export const writerKey = (dataset: string, id: string): string => `${writersPrefix(dataset)}${id}.json`;

/** Says, before the first file, that a Gold table's files are being made after a run or a decision of that id. */
export const refreshesPrefix = (dataset: string): string => `ops/refreshes/${datasetPath(dataset)}/`;

export const refreshKey = (dataset: string, runId: string): string =>
  `${refreshesPrefix(dataset)}${runId}.json`;

/** States of a dataset whose snapshots were expired, many a document, for ops.states. */
export const statesPrefix = (dataset: string): string => `ops/upkeep/states/${datasetPath(dataset)}/`;

export function statesKey(dataset: string, first: number, last: number): string {
  const [from, to] = [first, last].map((version) => String(version).padStart(9, '0'));
  return `${statesPrefix(dataset)}${from}-${to}.json`;
}

/** What the metadata of a table, of one generation, knew of its past before snapshots of it were expired. */
export const tableLogsPrefix = (of: {
  readonly dataset: string;
  readonly layer: string;
  readonly generation: number;
}): string => `ops/upkeep/logs/${datasetPath(of.dataset)}/${of.layer}/${of.generation}/`;

export const tableLogKey = (of: Parameters<typeof tableLogsPrefix>[0], id: string): string =>
  `${tableLogsPrefix(of)}${id}.json`;

/** Files that go a while after the snapshots that named them were expired. */
export const removalsPrefix = (dataset: string): string => `ops/upkeep/removals/${datasetPath(dataset)}/`;

export const removalsKey = (dataset: string, id: string): string => `${removalsPrefix(dataset)}${id}.json`;

/** When a dataset's or Gold table's upkeep was last done. */
export const tendingKey = (dataset: string): string => `ops/upkeep/tended/${datasetPath(dataset)}.json`;

/** Known problems of a dataset or Gold table, so that each is alerted once. */
export const healthKey = (dataset: string): string => `ops/health/${datasetPath(dataset)}.json`;

/** Where digests are remembered, each under its object's own key. */
export const DIGESTS_PREFIX = 'ops/digests/';

/** Remembers the digest of an object whose store doesn't know it: under the object's own key, where there is room for it. */
export function digestMemoKey(key: string): string {
  const named = `${DIGESTS_PREFIX}${key}.json`;
  return bytesOf(named) <= MOST_KEY_BYTES ? named : `${DIGESTS_PREFIX}${hashOf(key, 64)}.json`;
}
