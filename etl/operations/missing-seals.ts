import { runsPrefix, sealKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { isCommitted, RunRecord } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import type { Pointer } from '../table/pointer.ts';
import type { Ailment } from './ailment.ts';

/** How many of a dataset's newest runs are looked at. */
const NEWEST_RUNS = 20;

/** Finds runs that were published, the current one and those of the newest, whose seal isn't there any more. */
export async function missingSeals(
  effects: Pick<Effects, 'objects'>,
  { dataset, run_id, contract_version }: Pointer,
): Promise<Ailment[]> {
  const versions = new Map([[run_id, contract_version]]);
  for (const { runId, status, contractVersion } of await newestRuns(effects, dataset))
    if (isCommitted(status)) versions.set(runId, contractVersion ?? contract_version);
  const ailments: Ailment[] = [];
  for (const [runId, version] of versions) {
    const key = sealKey(dataset, version, runId);
    if ((await effects.objects.get(key)) !== undefined) continue;
    const what = `run ${runId} was published, and its seal ${key} isn't there`;
    ailments.push({ code: 'SEAL_MISSING', what, next: `audit --dataset ${dataset}` });
  }
  return ailments;
}

async function newestRuns({ objects }: Pick<Effects, 'objects'>, dataset: string): Promise<RunRecord[]> {
  const keys = (await objects.list(runsPrefix(dataset))).map(({ key }) => key).sort();
  const runs: RunRecord[] = [];
  for (const key of keys.slice(-NEWEST_RUNS)) {
    const stored = await objects.get(key);
    if (stored !== undefined) runs.push(parseDocument(stored.body, key, RunRecord));
  }
  return runs;
}
