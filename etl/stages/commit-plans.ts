import type { z } from 'zod';
import { atMost, inFlight } from '../in-flight.ts';
import { commitPartKey, commitPlanKey } from '../naming/runs.ts';
import type { DatasetRun, ObjectStore } from '../ports.ts';
import { type CommitPlan, StoredCommitPlan } from './documents.ts';
import { getRunDocument } from './run-documents.ts';
import { putDocument } from './stored-documents.ts';

/** Silver files that one document names: some 2 KB each. A text of JavaScript ends near a quarter of a million. */
export const PART_FILES = 2000;

const PARTS_AT_ONCE = 8;

const CommitPart = StoredCommitPlan.pick({ silver: true });

/**
 * Stores what promote will commit: the plan, and where it adds very many files to Silver, before it lists of them by key. The
 * lists of one seal are never written over by those of another.
 */
export async function putCommitPlan(
  objects: ObjectStore,
  run: DatasetRun,
  { plan, partFiles = PART_FILES }: { readonly plan: CommitPlan; readonly partFiles?: number },
): Promise<void> {
  const { silver } = plan;
  const count = silver.length > partFiles ? Math.ceil(silver.length / partFiles) : 0;
  const silverParts = Array.from({ length: count }, (_, n) => partKey(run, plan, n));
  const put = async (n: number): Promise<void> => {
    const some = silver.slice(n * partFiles, (n + 1) * partFiles);
    await putDocument(objects, silverParts[n] ?? '', { silver: some });
  };
  for await (const _ of inFlight(silverParts.keys(), atMost(PARTS_AT_ONCE), put));
  const stored = count === 0 ? plan : { ...plan, silver: [], silverParts };
  await putDocument(objects, commitPlanKey(run.dataset, run.runId), stored);
}

function partKey({ dataset, runId }: DatasetRun, { sealDigest }: CommitPlan, n: number): string {
  const name = `${(sealDigest ?? '').slice(0, 16)}-${String(n + 1).padStart(4, '0')}`;
  return commitPartKey(dataset, runId, name);
}

/**
 * Reads what promote will commit, whatever release wrote it. Throws what `get` throws where the plan, or a list that it
 * names, is missing or damaged: unless said, as getRunDocument.
 */
export async function getCommitPlan(
  objects: ObjectStore,
  { dataset, runId }: DatasetRun,
  get: typeof getRunDocument = getRunDocument,
): Promise<CommitPlan> {
  const { silverParts = [], ...plan } = await get(objects, commitPlanKey(dataset, runId), StoredCommitPlan);
  const silver = [...plan.silver];
  const read = (key: string): Promise<z.infer<typeof CommitPart>> => get(objects, key, CommitPart);
  for await (const part of inFlight(silverParts, atMost(PARTS_AT_ONCE), read)) silver.push(...part.silver);
  return { ...plan, silver };
}
