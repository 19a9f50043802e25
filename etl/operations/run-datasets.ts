import { type LoadedContracts, loadContracts } from '../contract/load-contracts.ts';
import type { RunRecord } from '../stages/outcomes.ts';
import { usableContract } from '../stages/usable-contract.ts';
import type { RunningLake } from './approve-run.ts';
import type { RunOptions } from './runs.ts';

/** What came of one dataset: a run, or the error that kept it from starting. */
export type Outcome =
  | { readonly kind: 'run'; readonly dataset: string; readonly run: RunRecord }
  | { readonly kind: 'error'; readonly dataset: string; readonly error: unknown };

/**
 * Runs datasets until nothing of them is pending, one after another, and yields what came of each; an error of one
 * doesn't stop the others. Where none is named: every source dataset with a contract, broken ones included.
 */
export async function* runDatasets(
  lake: RunningLake,
  wanted?: string,
  options?: RunOptions,
): AsyncGenerator<Outcome> {
  const loaded = await loadContracts(lake.effects.contracts);
  for (const dataset of wanted === undefined ? runnable(loaded) : [wanted]) {
    try {
      await usableContract(lake.effects, loaded, dataset);
      for (const run of await lake.runs.dataset(dataset, options)) yield { kind: 'run', dataset, run };
    } catch (error) {
      yield { kind: 'error', dataset, error };
    }
  }
}

/** Datasets that may have pending files, broken contracts included, so that their errors show. */
export function runnable({ contracts, unusable }: LoadedContracts): string[] {
  const sources = [...contracts.values()].filter(({ layer }) => layer === 'silver');
  return [...sources.map(({ dataset }) => dataset), ...unusable.keys()].sort();
}
