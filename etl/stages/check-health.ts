import type { SourceContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { promisedAgeMs } from '../contract/promised-age.ts';
import { runsPrefix, sealKey } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { readPointer } from '../table/pointer.ts';
import { withSpan } from '../telemetry.ts';
import { parseDocument, RunRecord } from './documents.ts';

/** How a dataset is. */
export interface DatasetHealth {
  readonly dataset: string;
  /** Whether nothing was published within what its contract promises. One that was never published is not stale. */
  readonly isStale: boolean;
  readonly publishedAt: string | null;
  /** Promoted runs, the newest and those before it, whose seal isn't there. */
  readonly missingSeals: readonly string[];
}

/** How many of a dataset's newest runs are looked at. */
const NEWEST_RUNS = 20;

/** Looks after every dataset with a contract; changes nothing. */
export async function checkHealth(
  effects: Pick<Effects, 'objects' | 'contracts' | 'clock'>,
): Promise<DatasetHealth[]> {
  return await withSpan('assay.check-health', {}, async () => {
    const { contracts } = await loadContracts(effects.contracts);
    const health: DatasetHealth[] = [];
    for (const contract of contracts.values()) {
      if (contract.layer === 'silver') health.push(await healthOf(contract, effects));
    }
    return health;
  });
}

async function healthOf(
  { dataset, sla }: SourceContract,
  effects: Pick<Effects, 'objects' | 'clock'>,
): Promise<DatasetHealth> {
  const { objects, clock } = effects;
  const pointer = (await readPointer(objects, 'silver', dataset))?.pointer;
  if (pointer === undefined) return { dataset, isStale: false, publishedAt: null, missingSeals: [] };
  const ageMs = clock.now().getTime() - Date.parse(pointer.committed_at);
  const promotions = new Map([[pointer.run_id, pointer.contract_version]]);
  for (const run of await newestRuns(effects, dataset)) {
    if (run.status === 'promoted') promotions.set(run.runId, run.contractVersion ?? pointer.contract_version);
  }
  const missingSeals: string[] = [];
  for (const [runId, version] of promotions) {
    if ((await objects.get(sealKey(dataset, version, runId))) === undefined) missingSeals.push(runId);
  }
  const isStale = ageMs > (promisedAgeMs(sla) ?? Number.POSITIVE_INFINITY);
  return { dataset, isStale, publishedAt: pointer.committed_at, missingSeals };
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
