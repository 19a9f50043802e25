import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { guarded } from '../../adapters/local/file-errors.ts';
import { DEFINITION } from '../../adapters/local/run-dataset.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError, messageOf } from '../../etl/errors.ts';
import { estimate } from '../../etl/estimating/estimate.ts';
import { type PastWorkload, pastWorkload } from '../../etl/estimating/history.ts';
import { LIST_PRICES, type Prices, readPrices } from '../../etl/estimating/prices.ts';
import { MEASURED, type Platform, type Workload } from '../../etl/estimating/workload.ts';
import { readRun, runKeys } from '../../etl/operations/find-run.ts';
import { openDatasetTable } from '../../etl/stages/dataset-tables.ts';
import { readKnownPointer } from '../../etl/stages/known-pointer.ts';
import { CHUNK_BYTES } from '../../etl/stages/make-plan.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { filesOf } from '../../etl/table/lake-table.ts';
import type { DataFile } from '../../etl/table/schema.ts';
import { SETS_FROM_BYTES } from '../../lib/config/sets-from-bytes.ts';
import { SIZES } from '../../lib/workflow/sizes.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type GoldWorkload, goldWorkload } from '../gold-workload.ts';
import type { Io } from '../io.ts';
import { locations } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { type Estimated, estimateText } from '../print/estimate.ts';
import { usageError } from '../usage-error.ts';

/** By mortgages.transactions, as docs/cost.md tells. */
const SILVER_PER_BYTE = 0.54;
const GOLD_PER_BYTE = 0.21;
const DEFAULTS = { fileMb: 100, runsPerDay: 24, monthsPerRun: 1, daysBefore: 30 };

/** `assay estimate`: what a dataset costs and takes on AWS. */
export const estimateCommand: Command = {
  name: 'estimate',
  usage:
    'DATASET [--gb-per-day N] [--file-mb N] [--runs-per-day N] [--months N] [--chunk-mb N] [--gold-tables N] [--query-gb N] [--arm64] [--prices FILE]',
  description: `Estimates what a day of a dataset costs on AWS, and how long a run takes: requests counted as the stages make them, times by
measured throughput, list prices. The volume is what the dataset's runs brought so far, or what --gb-per-day says, which
needs no lake. Says where a function's disk or time would not do. docs/cost.md has the formulas and what is assumed.`,
  options: {
    'gb-per-day': {
      type: 'string',
      value: 'N',
      help: 'gigabytes of CSV a day, instead of what runs brought',
    },
    'file-mb': {
      type: 'string',
      value: 'N',
      help: `size of a file, in megabytes (default: ${DEFAULTS.fileMb})`,
    },
    'runs-per-day': {
      type: 'string',
      value: 'N',
      help: `runs a day (default: ${DEFAULTS.runsPerDay}, or one for each file)`,
    },
    months: { type: 'string', value: 'N', help: "months that a run's records fall into (default: 1)" },
    'chunk-mb': {
      type: 'string',
      value: 'N',
      help: `mebibytes that one function refines (default: ${CHUNK_BYTES / 1024 ** 2})`,
    },
    'gold-tables': {
      type: 'string',
      value: 'N',
      help: 'number of Gold tables, each of which reads only the months that changed (default: those of the contracts, by their SQL)',
    },
    'query-gb': {
      type: 'string',
      value: 'N',
      help: "gigabytes that queries scan a day (default: the day's Silver once)",
    },
    arm64: { type: 'boolean', help: 'functions on arm64 (`-c architecture=arm64`) instead of x86' },
    prices: { type: 'string', value: 'FILE', help: 'JSON with prices to use instead of list prices' },
  },
  examples: [
    'assay estimate spend.council_payments',
    'assay estimate mortgages.transactions --gb-per-day 1000 --runs-per-day 96',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const [dataset = ''] = args.positionals;
    const loaded = await loadContracts(fileContractSource(locations(args, io)));
    requireSourceContract(loaded, dataset);
    const past = args.has('gb-per-day') ? undefined : await readPast(dataset, args, io);
    const given = goldTablesOf(args);
    const gold =
      given === undefined
        ? await goldWorkload(dataset, {
            contracts: loaded.contracts,
            source: fileContractSource(locations(args, io)),
            bytesOf: async (input) => (past === undefined ? 0 : bytesOf(await silverFiles(input, args, io))),
          })
        : { goldTables: given, goldTablesWhole: 0, goldLookupBytes: 0, goldByDuckDb: [] };
    const workload = workloadOf(args, past, gold);
    const prices = forProcessor(await pricesOf(args, io), args);
    const platform = await platformOf(args);
    const found = estimate(workload, { platform, prices });
    if (args.has('json'))
      io.out(JSON.stringify(estimateJson({ dataset, workload, platform, prices, past, found }), null, 2));
    else io.out(estimateText({ dataset, workload, platform, prices, past, found }));
    return EXIT.ok;
  },
};

function estimateJson({ dataset, workload, platform, prices, past, found }: Estimated) {
  const { concurrency, chunkBytes } = platform;
  return {
    dataset,
    from: past === undefined ? 'options' : 'history',
    workload,
    platform: { concurrency, chunkBytes },
    measured: MEASURED,
    prices,
    ...found,
  };
}

async function readPast(dataset: string, args: Args, io: Io): Promise<PastWorkload> {
  const lake = await openLakeOf(args, io);
  const records: RunRecord[] = [];
  for await (const key of runKeys(lake.effects, { dataset })) {
    const record = await readRun(lake.effects, key);
    if (record !== undefined) records.push(record);
  }
  const contract = requireSourceContract(await loadContracts(lake.effects.contracts), dataset);
  const past = pastWorkload(records, await silverFiles(contract, args, io));
  if (past !== undefined) return past;
  throw new ConfigError(
    'NO_HISTORY',
    `No run of ${dataset} was published yet: say how much comes, e.g. --gb-per-day 5.`,
    {
      context: { dataset },
    },
  );
}

/** Silver's files as they stand. */
async function silverFiles(contract: SourceContract, args: Args, io: Io): Promise<DataFile[]> {
  const { objects } = (await openLakeOf(args, io)).effects;
  const pointer = await readKnownPointer(objects, 'silver', contract.dataset);
  if (pointer === undefined) return [];
  return await filesOf(await openDatasetTable(objects, contract, pointer.pointer, 'silver'));
}

const bytesOf = (files: readonly DataFile[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

function workloadOf(args: Args, past: PastWorkload | undefined, gold: GoldWorkload): Workload {
  const bytesPerDay = past?.bytesPerDay ?? (numberOf(args, 'gb-per-day') ?? 0) * 1e9;
  const fileMb = numberOf(args, 'file-mb');
  const ofOptions = bytesPerDay / ((fileMb ?? DEFAULTS.fileMb) * 1e6);
  const filesPerDay = Math.max(
    past === undefined ? 1 : 0,
    fileMb === undefined ? (past?.filesPerDay ?? ofOptions) : ofOptions,
  );
  const runsPerDay =
    numberOf(args, 'runs-per-day') ??
    past?.runsPerDay ??
    Math.max(1, Math.min(DEFAULTS.runsPerDay, Math.round(filesPerDay)));
  const silverPerByte = past?.silverPerByte ?? SILVER_PER_BYTE;
  const queryGb = numberOf(args, 'query-gb');
  return {
    bytesPerDay,
    filesPerDay,
    runsPerDay,
    monthsPerRun: Math.ceil(numberOf(args, 'months') ?? past?.monthsPerRun ?? DEFAULTS.monthsPerRun),
    ...gold,
    runsBefore: past?.runsBefore ?? Math.round(runsPerDay * DEFAULTS.daysBefore),
    scannedBytesPerDay: queryGb === undefined ? bytesPerDay * silverPerByte : queryGb * 1e9,
    silverPerByte,
    goldPerByte: gold.goldTables === 0 ? 0 : GOLD_PER_BYTE,
  };
}

function goldTablesOf(args: Args): number | undefined {
  const text = args.text('gold-tables');
  if (text === undefined) return undefined;
  if (!/^\d{1,3}$/.test(text))
    throw usageError(`--gold-tables ${text} is no number of tables: write e.g. 0.`);
  return Number(text);
}

function numberOf(args: Args, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text) || Number(text) === 0)
    throw usageError(`--${name} ${text} is no number above 0: write e.g. 5.`);
  return Number(text);
}

async function pricesOf(args: Args, io: Io): Promise<Prices> {
  const file = args.text('prices');
  if (file === undefined) return LIST_PRICES;
  try {
    return readPrices(await guarded(`reading ${file}`, () => readFile(path.resolve(io.cwd, file), 'utf8')));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('NO_FILE', messageOf(error), { cause: error });
  }
}

/** Prices with that of the functions' processor as the price of a GB-second. */
function forProcessor(prices: Prices, args: Args): Prices {
  return args.has('arm64') ? { ...prices, lambdaGbSecond: prices.lambdaArmGbSecond } : prices;
}

const Definition = z.object({
  States: z.object({ Refine: z.object({ MaxConcurrency: z.int().positive() }) }),
});

/** The functions as they are deployed, and the Map's limit as the state machine has it. */
async function platformOf(args: Args): Promise<Platform> {
  const { States } = Definition.parse(JSON.parse(await readFile(DEFINITION, 'utf8')));
  const chunkMb = numberOf(args, 'chunk-mb');
  return {
    sizes: SIZES,
    concurrency: States.Refine.MaxConcurrency,
    setsFromBytes: SETS_FROM_BYTES,
    chunkBytes: chunkMb === undefined ? CHUNK_BYTES : chunkMb * 1024 ** 2,
  };
}
