import { type LoadedContracts, loadContracts } from '../etl/contract/load-contracts.ts';
import type { Look } from '../etl/operations/runs.ts';
import { isCommitted, type RunRecord } from '../etl/stages/outcomes.ts';
import { usableContract } from '../etl/stages/usable-contract.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { CommandLake } from './open-lake.ts';

/** What came of one dataset: a run, or the error that kept it from starting. */
export type Outcome =
  | { readonly kind: 'run'; readonly dataset: string; readonly run: RunRecord }
  | { readonly kind: 'error'; readonly dataset: string; readonly error: unknown };

/**
 * Runs datasets until nothing of them is pending, one after another, and yields what came of each; an error of one
 * doesn't stop the others. Where none is named: every source dataset with a contract, broken ones included.
 */
export async function* runDatasets(lake: CommandLake, wanted?: string, look?: Look): AsyncGenerator<Outcome> {
  const loaded = await loadContracts(lake.effects.contracts);
  for (const dataset of wanted === undefined ? runnable(loaded) : [wanted]) {
    try {
      await usableContract(lake.effects, loaded, dataset);
      for (const run of await lake.runs.dataset(dataset, look)) yield { kind: 'run', dataset, run };
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

/** 0 where a run published all its files, 1 where any of it did not go through. */
export function outcomeCode(outcome: Outcome): ExitCode {
  if (outcome.kind === 'error') return exitCodeOf(outcome.error);
  const { status, files, why } = outcome.run;
  const isGood =
    (isCommitted(status) && why.length === 0 && files.every((file) => file.status !== 'rejected')) ||
    status === 'nothing-to-do';
  return isGood ? EXIT.ok : EXIT.data;
}
