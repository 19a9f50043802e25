import { type Plan, replacedFiles } from './documents.ts';
import { publishedStatus, type RunRecord } from './outcomes.ts';

/**
 * What a run is called that was committed. One none of whose files could be published is not called promoted, though the
 * ledger has it; one that took the place of earlier rows changed what readers see, whatever its own files gave.
 */
export function committedStatus(
  plan: Plan | undefined,
  files: RunRecord['files'],
): ReturnType<typeof publishedStatus> {
  const changesOthers =
    plan !== undefined && (replacedFiles(plan).length > 0 || plan.generation !== undefined);
  return changesOthers ? 'promoted' : publishedStatus(files);
}
