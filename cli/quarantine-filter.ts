import type { Lake } from '../adapters/local/lake.ts';
import type { SourceContract } from '../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../etl/contract/load-contracts.ts';
import { runnable } from '../etl/operations/run-datasets.ts';
import { chooseRecords, isNarrowed } from '../etl/quarantine/choose-records.ts';
import { type Reading, readRecords } from '../etl/quarantine/read-records.ts';
import type { FailedRecord, RecordFilter } from '../etl/quarantine/records.ts';
import { ageMs } from './age.ts';
import type { Args, Option } from './command.ts';
import { usageError } from './usage-error.ts';

/** The options that say which records are meant. */
export const FILTER_OPTIONS: Readonly<Record<string, Option>> = {
  dataset: { type: 'string', value: 'D', help: 'of this dataset' },
  code: { type: 'string', value: 'CODE', help: 'that failed with this reason code, e.g. TYPE_ERROR' },
  column: { type: 'string', value: 'COLUMN', help: 'that failed in this column' },
  file: { type: 'string', value: 'TEXT', help: 'that came in a file whose key contains this' },
  run: { type: 'string', value: 'RUN', help: 'that failed last in this run' },
  'older-than': { type: 'string', value: 'AGE', help: 'that failed last so long ago, e.g. 30m, 12h, 7d' },
};

/** Which records a command line means; throws ConfigError `USAGE` for what can't be read. */
export function recordFilter(args: Args, now: Date, ids: readonly string[] = []): RecordFilter {
  for (const id of ids) {
    if (!/^[0-9a-f]{6,64}$/i.test(id))
      throw usageError(
        `'${id}' is no record: write at least six digits of what 'assay quarantine list' shows.`,
      );
  }
  const age = args.text('older-than');
  const [code, column] = [args.text('code'), args.text('column')];
  const [file, run] = [args.text('file'), args.text('run')];
  return {
    ids,
    ...(column === undefined ? {} : { column }),
    ...(code === undefined ? {} : { code: code.toUpperCase() }),
    ...(file === undefined ? {} : { file }),
    ...(run === undefined ? {} : { run }),
    ...(age === undefined ? {} : { before: new Date(now.getTime() - ageMs(age)).toISOString() }),
  };
}

/** Refuses to act on every record there is, unless that was said. */
export function requireFilter(args: Args, filter: RecordFilter): void {
  if (isNarrowed(filter) || args.has('all')) return;
  throw usageError('Say which records are meant: name them, filter them, or write --all for every one.');
}

/** The option that means every record. */
export const ALL_OPTION: Readonly<Record<'all', Option>> = {
  all: { type: 'boolean', help: 'every record of the dataset' },
};

/** The contract of the dataset that --dataset names; throws ConfigError where none is named. */
export async function datasetOf(args: Args, lake: Lake): Promise<SourceContract> {
  const dataset = args.text('dataset');
  if (dataset === undefined) throw usageError('--dataset is missing: say which dataset the records are of.');
  return requireSourceContract(await loadContracts(lake.effects.contracts), dataset);
}

/** The source datasets that a command line means: the one named, or all. */
export async function datasetsOf(args: Args, lake: Lake): Promise<string[]> {
  const loaded = await loadContracts(lake.effects.contracts);
  const named = args.text('dataset');
  if (named !== undefined) return [requireSourceContract(loaded, named).dataset];
  return runnable(loaded).filter((dataset) => loaded.contracts.has(dataset));
}

/** The records of a lake to act on, as `chooseRecords` has it. */
export function chosenRecords(lake: Lake, dataset: string, reading: Reading): Promise<FailedRecord[]> {
  return chooseRecords((named, wanted) => readRecords(lake.effects, named, wanted), dataset, reading);
}
