import type { SourceContract } from '../etl/contract/contract.ts';
import type { Word } from '../etl/operations/decide-run.ts';
import { ID_LENGTH } from '../etl/quarantine/read-records.ts';
import type { FailedRecord } from '../etl/quarantine/records.ts';
import { retryRecords } from '../etl/quarantine/retry-records.ts';
import type { Args } from './command.ts';
import { EXIT, type ExitCode, worst } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { CommandLake } from './open-lake.ts';
import { printOutcome } from './outcome.ts';
import { outcomeCode } from './outcome-code.ts';
import { plural } from './print/format.ts';
import { printable } from './print/printable.ts';
import { runJson } from './run-json.ts';

/** What is to be retried, and who says so. */
export interface RetryRequest {
  readonly contract: SourceContract;
  readonly records: readonly FailedRecord[];
  readonly word: Word;
  /** Records that are left out beforehand, and why. */
  readonly skipped?: readonly { readonly rowHash: string; readonly why: string }[];
}

/** Retries records in a run and prints what came of it; the exit code is the run's. */
export async function retryAndRun(
  lake: CommandLake,
  { contract, records, word, skipped: before = [] }: RetryRequest,
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<ExitCode> {
  const { dataset } = contract;
  const retry = await retryRecords(lake.effects, contract, records, word);
  const skipped = [...before, ...retry.skipped].map(({ rowHash, why }) => ({
    record: rowHash.slice(0, ID_LENGTH),
    why,
  }));
  const runs = await lake.runs.dataset(dataset);
  const code = runs.map((run) => outcomeCode({ kind: 'run', dataset, run })).reduce(worst, EXIT.ok);
  if (args.has('json')) {
    const { retryId, file, records: count } = retry;
    io.out(
      JSON.stringify({ dataset, retryId, file, records: count, skipped, runs: runs.map(runJson) }, null, 2),
    );
    return code;
  }
  io.out(printable(`${plural(retry.records, 'record')} of ${dataset} tested once more.`));
  for (const { record, why } of skipped) io.out(printable(`  ${record} left out: ${why}`));
  io.out('');
  for (const [n, run] of runs.entries())
    await printOutcome({ kind: 'run', dataset, run }, n === 0, { lake, args, io });
  return code;
}
