import { isAllowed } from '../../identity/identity.ts';
import { runsAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';

/** A button that starts a run of a dataset, or of all where none is named; nothing for who may not. */
export function StartRun({
  request: { csrf, identity, service },
  dataset,
}: {
  readonly request: PageRequest;
  readonly dataset?: string;
}) {
  if (csrf === undefined || !isAllowed(identity, 'runs.start', service)) return null;
  return (
    <form method="post" action={runsAt} class="beside">
      <input type="hidden" name="csrf" value={csrf} />
      {dataset !== undefined && <input type="hidden" name="dataset" value={dataset} />}
      <button type="submit" class="plain">
        {dataset === undefined ? 'Run all datasets' : `Run ${dataset}`}
      </button>
      <span class="soft">tests and publishes the files that no run has dealt with</span>
    </form>
  );
}
