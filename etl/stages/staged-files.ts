import { dirname } from 'node:path/posix';
import { DataError } from '../errors.ts';
import { atMost, inFlight } from '../in-flight.ts';
import type { DatasetRun, ObjectStore } from '../ports.ts';
import type { CommitPlan } from './documents.ts';

const FOLDERS_AT_ONCE = 8;

/**
 * Throws DataError `STAGED_CHANGED` where a file that a run is to publish is gone, or has another size than when it was
 * sealed: between the seal of a held run and its approval days may pass.
 */
export async function requireStaged(
  objects: ObjectStore,
  { dataset, runId }: DatasetRun,
  { silver, quarantine, condemned, ledger }: CommitPlan,
): Promise<void> {
  const files = [...silver, ...quarantine, ...condemned, ...ledger];
  const sizes = new Map<string, number>();
  const list = (folder: string) => objects.list(`${folder}/`);
  for await (const found of inFlight(
    new Set(files.map(({ key }) => dirname(key))),
    atMost(FOLDERS_AT_ONCE),
    list,
  ))
    for (const { key, sizeBytes } of found) sizes.set(key, sizeBytes);
  const changed = files.find(({ key, sizeBytes }) => sizes.get(key) !== sizeBytes);
  if (changed === undefined) return;
  const found = sizes.get(changed.key);
  const is = found === undefined ? 'is gone' : `has ${found} bytes instead of ${changed.sizeBytes}`;
  throw new DataError(
    'STAGED_CHANGED',
    `${changed.key} ${is} since run ${runId} of ${dataset} was sealed, so nothing was published: 'assay readmit ${runId}' has the run's files tested and written again.`,
    { context: { dataset, runId, key: changed.key } },
  );
}
