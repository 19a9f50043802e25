import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { guarded, hasCode } from '../../adapters/local/file-errors.ts';
import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { madeOf } from '../../etl/contract/made-of.ts';
import { ConfigError } from '../../etl/errors.ts';
import { checkHealth } from '../../etl/operations/check-health.ts';
import { readRun, runKeys } from '../../etl/operations/find-run.ts';
import { dataProduct, productContracts } from '../../etl/products/data-product.ts';
import { describeContract } from '../../etl/query/catalog.ts';
import { addressOf, type DatasetFacts, datasetPage } from '../../etl/site/dataset-page.ts';
import { EVENTS_ADDRESS, eventsPage } from '../../etl/site/events-page.ts';
import { indexPage } from '../../etl/site/index-page.ts';
import type { ListedEvents } from '../../etl/site/listed-events.ts';
import { PRODUCTS_ADDRESS, productsPage } from '../../etl/site/products-page.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { accessOf } from '../../service/products/access-of.ts';
import { readEventListing } from '../../stream/policy/read-event-listing.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { locations, shownPath } from '../locations.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { storeOf } from '../policies.ts';
import { REGISTRY_OPTION, registryOf } from '../schema-registry.ts';
import { usageError } from '../usage-error.ts';

/** Runs that a page shows. */
const RUNS = 10;

/** `assay docs`: a static site about the datasets. */
export const docs: Command = {
  name: 'docs',
  usage: '--out DIR [--schema-registry WHERE] [--lake DIR]',
  description: `Writes a site about the datasets: HTML pages without scripts, which any server, or none, shows. Each dataset has its columns
with types, meanings, classifications and checks, its owner, how fresh and how well it is, its last runs, and what it is made of and used by.
Where events come for datasets, a page lists them: owners, topics, versions of schemas, which of them end and when, producers, and what each
gate holds them to; data products have a page of their own. With --schema-registry all versions that the registry knows stand there, otherwise those that policies name.
Contracts say the first, the lake the rest; without a lake the pages are made of the contracts alone. Values of records
are on no page.`,
  options: {
    out: { type: 'string', value: 'DIR', help: 'the folder of the pages; it is made where it is missing' },
    ...REGISTRY_OPTION,
  },
  examples: ['assay docs --out site', 'assay docs --out site --target aws'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const out = args.text('out');
    if (out === undefined)
      throw usageError('--out is missing: name the folder for the pages, e.g. --out site.');
    const folder = path.resolve(io.cwd, out);
    const lake = await lakeIfThere(args, io);
    const source = lake?.effects.contracts ?? fileContractSource(locations(args, io));
    const loaded = await loadContracts(source);
    const contracts = [...loaded.contracts.values()];
    const events = lake === undefined ? [] : await eventsIn(lake, args, io);
    const facts: DatasetFacts[] = [];
    for (const contract of contracts) {
      const own = events.find(({ dataset }) => dataset === contract.dataset);
      facts.push({ ...(await factsOf(contract, contracts, lake)), events: own });
    }
    const known = new Set(contracts.map(({ dataset }) => dataset));
    const now = lake?.effects.clock.now() ?? new Date();
    const products = productContracts(loaded).map((one) => dataProduct(one, loaded, { now, accessOf }));
    const at = lake === undefined ? undefined : now.toISOString().slice(0, 16).replace('T', ' ');
    const note = at === undefined ? 'Made by assay docs.' : `Made by assay docs at ${at} UTC.`;
    const has = { events: events.length > 0, products: products.length > 0 };
    const pages = [
      { name: 'index.html', html: indexPage(facts, note, has) },
      ...(has.events ? [{ name: EVENTS_ADDRESS, html: eventsPage(events, known, note) }] : []),
      ...(has.products ? [{ name: PRODUCTS_ADDRESS, html: productsPage(products, note) }] : []),
      ...facts.map((one) => ({ name: addressOf(one.contract.dataset), html: datasetPage(one, note) })),
    ];
    await guarded(`writing ${shownPath(folder, io)}`, async () => {
      await mkdir(folder, { recursive: true });
      for (const { name, html } of pages) await writeFile(path.join(folder, name), html);
    });
    if (args.has('json'))
      io.out(JSON.stringify({ out: shownPath(folder, io), pages: pages.map(({ name }) => name) }, null, 2));
    else io.out(`Wrote ${pages.length} pages; open ${shownPath(path.join(folder, 'index.html'), io)}.`);
    return EXIT.ok;
  },
};

/** The lake, or undefined where the folder is none. */
async function lakeIfThere(args: Args, io: Io): Promise<CommandLake | undefined> {
  try {
    return await openLakeOf(args, io);
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'NOT_A_LAKE' && !hasCode(error, 'EACCES'))
      return undefined;
    throw error;
  }
}

/** What is said of the events of each dataset that events come for. */
async function eventsIn(lake: CommandLake, args: Args, io: Io): Promise<ListedEvents[]> {
  const { effects } = lake;
  const registry = await registryOf(args, io, effects.clock);
  return await readEventListing({ effects, store: await storeOf(lake), registry });
}

async function factsOf(
  contract: Contract,
  all: readonly Contract[],
  lake: CommandLake | undefined,
): Promise<Omit<DatasetFacts, 'events'>> {
  const outputs = all.filter((one) => madeOf(one).includes(contract.dataset));
  const state = lake === undefined ? undefined : await checkHealth(lake.effects, contract);
  return {
    contract,
    table: describeContract(contract),
    state,
    runs: lake === undefined || contract.layer !== 'silver' ? [] : await lastRuns(lake, contract.dataset),
    inputs: madeOf(contract),
    outputs: outputs.map(({ dataset }) => dataset),
  };
}

async function lastRuns(lake: CommandLake, dataset: string): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for await (const key of runKeys(lake.effects, { dataset })) {
    const record = await readRun(lake.effects, key);
    if (record !== undefined) records.push(record);
    if (records.length === RUNS) break;
  }
  return records;
}
