import { type Plan, replacedFiles } from './documents.ts';
import { publishedStatus, type RunRecord } from './outcomes.ts';

/**
 * A committed run's status. It isn't promoted if none of its files could be published, though they are in the ledger.
 * If it replaced earlier rows it is, since it changed what readers see.
 */
export function committedStatus(
  plan: Plan | undefined,
  files: RunRecord['files'],
): ReturnType<typeof publishedStatus> {
  const changesOthers =
    plan !== undefined && (replacedFiles(plan).length > 0 || plan.generation !== undefined);
  return changesOthers ? 'promoted' : publishedStatus(files);
}
