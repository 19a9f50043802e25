import type { Outcome } from '../etl/operations/run-datasets.ts';
import { isCommitted } from '../etl/stages/outcomes.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';

/** 0 where a run published all its files, 1 where any of it did not go through. */
export function outcomeCode(outcome: Outcome): ExitCode {
  if (outcome.kind === 'error') return exitCodeOf(outcome.error);
  const { status, files, why } = outcome.run;
  const isGood =
    (isCommitted(status) && why.length === 0 && files.every((file) => file.status !== 'rejected')) ||
    status === 'nothing-to-do';
  return isGood ? EXIT.ok : EXIT.data;
}
