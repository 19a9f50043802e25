import { createHash } from 'node:crypto';
import type { Contract } from '../../contract/contract.ts';
import { pointerKey } from '../../naming/tables.ts';
import type { Effects } from '../../ports.ts';
import { parseDocument } from '../../stages/stored-documents.ts';
import { Pointer } from '../../table/pointer.ts';
import type { TableDigest } from './documents.ts';

/** Where the pointer of every dataset and Gold table stands: a handful of small objects, whatever the lake's size. */
export async function tableDigests(
  { objects }: Pick<Effects, 'objects'>,
  contracts: Iterable<Contract>,
): Promise<TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const { layer, dataset } of contracts) {
    const key = pointerKey(layer, dataset);
    const stored = await objects.get(key);
    if (stored === undefined) continue;
    const { version, snapshot_id, seal_digest } = parseDocument(stored.body, key, Pointer);
    digests.push({
      ...{ dataset, layer, version, snapshotId: snapshot_id, sealDigest: seal_digest },
      digest: createHash('sha256').update(stored.body).digest('hex'),
    });
  }
  return digests;
}

/** Datasets whose pointer is another now. */
export function changedDatasets(before: readonly TableDigest[], after: readonly TableDigest[]): string[] {
  const was = new Map(before.map(({ dataset, digest }) => [dataset, digest]));
  return after.flatMap(({ dataset, digest }) => (was.get(dataset) === digest ? [] : [dataset]));
}
