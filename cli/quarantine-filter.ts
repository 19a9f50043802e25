import type { Lake } from '../adapters/local/lake.ts';
import type { SourceContract } from '../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../etl/contract/load-contracts.ts';
import type { Engine } from '../etl/engine/engine.ts';
import { ConfigError } from '../etl/errors.ts';
import {
  countRecords,
  type FailedRecord,
  findRecords,
  loadFailedRecords,
  type RecordFilter,
} from '../etl/quarantine/records.ts';
import type { Args, Option } from './command.ts';
import { runnable } from './run-datasets.ts';
import { usageError } from './usage-error.ts';
import { withScratchEngine } from './with-scratch-engine.ts';

/** Characters of a record's id as it is shown; any beginning of at least six is understood. */
export const ID_LENGTH = 16;

/** The options that say which records are meant. */
export const FILTER_OPTIONS: Readonly<Record<string, Option>> = {
  dataset: { type: 'string', value: 'D', help: 'of this dataset' },
  code: { type: 'string', value: 'CODE', help: 'that failed with this reason code, e.g. TYPE_ERROR' },
  file: { type: 'string', value: 'TEXT', help: 'that came in a file whose key contains this' },
  run: { type: 'string', value: 'RUN', help: 'that failed last in this run' },
  'older-than': { type: 'string', value: 'AGE', help: 'that failed last so long ago, e.g. 30m, 12h, 7d' },
};

const AGE_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Which records a command line means; throws ConfigError `USAGE` for what can't be read. */
export function recordFilter(args: Args, now: Date, ids: readonly string[] = []): RecordFilter {
  for (const id of ids) {
    if (!/^[0-9a-f]{6,64}$/i.test(id))
      throw usageError(
        `'${id}' is no record: write at least six digits of what 'assay quarantine list' shows.`,
      );
  }
  const age = args.text('older-than');
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(age ?? '') ?? [];
  if (age !== undefined && count === '')
    throw usageError(`--older-than ${age} is no age: write e.g. 30m, 12h or 7d.`);
  const [code, file, run] = [args.text('code'), args.text('file'), args.text('run')];
  return {
    ids,
    ...(code === undefined ? {} : { code: code.toUpperCase() }),
    ...(file === undefined ? {} : { file }),
    ...(run === undefined ? {} : { run }),
    ...(age === undefined
      ? {}
      : { before: new Date(now.getTime() - Number(count) * (AGE_MS[unit] ?? 0)).toISOString() }),
  };
}

/** Refuses to act on every record there is, unless that was said. */
export function requireFilter(args: Args, filter: RecordFilter): void {
  const isNarrowed = filter.ids.length > 0 || Object.keys(filter).length > 1;
  if (isNarrowed || args.has('all')) return;
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

/** Which records to read, and how many. */
export interface Reading {
  readonly filter: RecordFilter;
  readonly states: readonly FailedRecord['state'][];
  readonly limit?: number;
}

/** The records of a dataset that are meant, and how many there are in all. */
export function readRecords(
  lake: Lake,
  dataset: string,
  { filter, ...wanted }: Reading,
): Promise<{ records: FailedRecord[]; total: number }> {
  return withScratchEngine(lake.effects, 'quarantine', async (engine: Engine) => {
    await loadFailedRecords(engine, lake.effects, dataset);
    const total = await countRecords(engine, filter, wanted.states);
    return { records: total === 0 ? [] : await findRecords(engine, filter, wanted), total };
  });
}

/** The records to act on; throws ConfigError `NO_RECORDS` where none is meant, and where an id means several. */
export async function chosenRecords(lake: Lake, dataset: string, reading: Reading): Promise<FailedRecord[]> {
  const { records } = await readRecords(lake, dataset, reading);
  for (const id of reading.filter.ids) {
    const meant = records.filter(({ rowHash }) => rowHash.startsWith(id.toLowerCase()));
    if (meant.length > 1) throw usageError(`'${id}' means ${meant.length} records: write more of it.`);
    if (meant.length === 0) throw noRecords(dataset, `no record ${id}`, reading.states);
  }
  if (records.length === 0) throw noRecords(dataset, 'no record that is meant', reading.states);
  return records;
}

function noRecords(dataset: string, what: string, states: readonly string[]): ConfigError {
  const command = states.includes('condemned') ? 'list --condemned' : 'list';
  return new ConfigError(
    'NO_RECORDS',
    `There is ${what} of ${dataset} that is ${states.join(' or ')}: 'assay quarantine ${command} --dataset ${dataset}' lists those there are.`,
    { context: { dataset } },
  );
}
