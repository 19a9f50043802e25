import { z } from 'zod';
import type { Contract } from '../../etl/contract/contract.ts';
import { type LoadedContracts, loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { madeOf } from '../../etl/contract/made-of.ts';
import { tableName } from '../../etl/naming/datasets.ts';
import type { Effects } from '../../etl/ports.ts';
import { describeContract } from '../../etl/query/catalog.ts';
import { listSnapshots } from '../../etl/query/list-snapshots.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { Next, PAGE_QUERY, pageOf } from './paging.ts';
import { route } from './route.ts';

/** The dataset that an address names. */
export const DATASET = z.strictObject({
  dataset: z.string().meta({ description: 'e.g. spend.council_payments' }),
});

const Dataset = z.object({
  dataset: z.string(),
  layer: z.enum(['silver', 'gold', 'projection']),
  table: z.string().meta({ description: 'as SQL names it' }),
  version: z.string(),
  owner: z.string(),
  description: z.string(),
  inputs: z.array(z.string()).meta({ description: 'datasets that it is made of' }),
  outputs: z.array(z.string()).meta({ description: 'datasets that are made of it' }),
  publishedAt: z.string().nullable(),
  snapshotId: z.int().nullable(),
});

/** A dataset as lists show it. */
async function datasetOf(effects: Effects, contract: Contract, all: LoadedContracts) {
  const { dataset, layer, version, owner, description } = contract;
  const pointer = (await readPointer(effects.objects, layer, dataset))?.pointer;
  const outputs = [...all.contracts.values()].filter((one) => madeOf(one).includes(dataset));
  return {
    ...{ dataset, layer, version, owner, description, table: tableName(layer, dataset) },
    inputs: [...madeOf(contract)],
    outputs: outputs.map((one) => one.dataset),
    publishedAt: pointer?.committed_at ?? null,
    snapshotId: pointer?.snapshot_id ?? null,
  };
}

/** GET /v1/datasets. */
export const listDatasets = route({
  method: 'get',
  path: '/v1/datasets',
  permission: 'catalogue.read',
  tag: 'Datasets',
  summary: 'The datasets, Gold tables and projections, by name',
  query: z.strictObject(PAGE_QUERY),
  answer: z.object({ datasets: z.array(Dataset), next: Next }),
  async handle({ query }, { lake: { effects } }) {
    const all = await loadContracts(effects.contracts);
    const { page, next } = pageOf([...all.contracts.values()], ({ dataset }) => dataset, query);
    return { datasets: await Promise.all(page.map((contract) => datasetOf(effects, contract, all))), next };
  },
});

const Column = z.object({
  name: z.string(),
  type: z.string(),
  isNullable: z.boolean(),
  isKey: z.boolean(),
  description: z.string(),
  classification: z.enum(['public', 'internal', 'confidential', 'personal']).nullable(),
});

/** GET /v1/datasets/{dataset}. */
export const showDataset = route({
  method: 'get',
  path: '/v1/datasets/{dataset}',
  permission: 'catalogue.read',
  tag: 'Datasets',
  summary: 'A dataset with the columns of its table',
  params: DATASET,
  answer: Dataset.extend({ columns: z.array(Column) }),
  async handle({ params }, { lake: { effects } }) {
    const all = await loadContracts(effects.contracts);
    const contract = requireContract(all, params.dataset);
    const columns = describeContract(contract).columns.map(
      ({ name, type, isNullable, isKey, description: text, classification }) => ({
        ...{ name, type, isNullable, isKey, description: text, classification },
      }),
    );
    return { ...(await datasetOf(effects, contract, all)), columns };
  },
});

/** GET /v1/datasets/{dataset}/contract. */
export const showContract = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/contract',
  permission: 'catalogue.read',
  tag: 'Datasets',
  summary: "A dataset's contract as it was written (Open Data Contract Standard, YAML)",
  params: DATASET,
  answer: z.object({ dataset: z.string(), version: z.string(), digest: z.string(), text: z.string() }),
  async handle({ params }, { lake: { effects } }) {
    const all = await loadContracts(effects.contracts);
    const { dataset, version, digest } = requireContract(all, params.dataset);
    return { dataset, version, digest, text: all.texts.get(dataset) ?? '' };
  },
});

const Snapshot = z.object({
  snapshotId: z.int(),
  sequenceNumber: z.int(),
  committedAt: z.string(),
  operation: z.string().nullable(),
  addedRecords: z.int(),
  removedRecords: z.int(),
  totalRecords: z.int(),
  runId: z.string().nullable(),
  isCurrent: z.boolean(),
  generation: z.int(),
});

/** GET /v1/datasets/{dataset}/snapshots. */
export const showSnapshots = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/snapshots',
  permission: 'runs.read',
  tag: 'Datasets',
  summary: "The states of a dataset's table that were published, newest first",
  params: DATASET,
  answer: z.object({ table: z.string(), snapshots: z.array(Snapshot), gone: z.array(z.string()) }),
  async handle({ params }, { lake: { effects } }) {
    const { tableName: table, lines, gone } = await listSnapshots(effects, params.dataset);
    return { table, snapshots: [...lines], gone: [...gone] };
  },
});
