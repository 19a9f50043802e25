import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from 'graphql';
import { z } from 'zod';
import type { ClosingRecord } from '../../etl/closing/closing-record.ts';
import { closingRecords } from '../../etl/closing/closing-record.ts';
import { requireContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { readRun, runKeys } from '../../etl/operations/find-run.ts';
import { type CatalogColumn, type CatalogTable, describeContract } from '../../etl/query/catalog.ts';
import { goldReport } from '../../etl/query/gold-report.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { newestPage } from '../api/newest.ts';
import { placeOf } from '../api/paging.ts';
import type { Asking } from './asking.ts';
import { pageCost } from './costs.ts';
import { PAGE_ROWS } from './filters.ts';
import { graphqlName } from './names.ts';
import { BigInteger, DateTime } from './scalars.ts';

type Field = GraphQLFieldConfig<unknown, Asking>;

const Text = new GraphQLNonNull(GraphQLString);
const Count = new GraphQLNonNull(BigInteger);

const Column = new GraphQLObjectType<CatalogColumn, Asking>({
  name: 'Column',
  fields: {
    name: { type: Text },
    field: { type: Text, description: 'Its name here.', resolve: ({ name }) => graphqlName(name) },
    type: { type: Text, description: 'As SQL calls it.' },
    isNullable: { type: new GraphQLNonNull(GraphQLBoolean) },
    isKey: { type: new GraphQLNonNull(GraphQLBoolean) },
    description: { type: Text },
    classification: { type: GraphQLString },
  },
});

type Described = CatalogTable & {
  readonly dataset: string;
  readonly layer: string;
  readonly version: string;
};

const Dataset = new GraphQLObjectType<Described, Asking>({
  name: 'Dataset',
  description: 'A dataset or a Gold table, as its contract says.',
  fields: {
    dataset: { type: Text },
    field: { type: Text, description: 'Its name here.', resolve: ({ dataset }) => graphqlName(dataset) },
    table: { type: Text, description: 'Its name in SQL.', resolve: ({ name }) => name },
    layer: { type: Text, description: 'silver or gold.' },
    version: { type: Text },
    owner: { type: GraphQLString },
    description: { type: Text },
    columns: {
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Column))),
      extensions: { cost: () => ({ own: 1, times: 20 }) },
    },
  },
});

/** What there is, by the contracts. */
export const datasetsField: Field = {
  type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Dataset))),
  description: 'The datasets and Gold tables there are.',
  extensions: { cost: () => ({ own: 1, times: 50 }) },
  resolve: (_, __, { loaded }) =>
    [...loaded.contracts.values()].map((contract) => {
      const { dataset, layer, version } = contract;
      return { ...describeContract(contract), dataset, layer, version };
    }),
};

const ReasonCount = new GraphQLObjectType({
  name: 'ReasonCount',
  fields: { code: { type: Text }, records: { type: Count } },
});

const Run = new GraphQLObjectType<RunRecord, Asking>({
  name: 'Run',
  description: 'A run and how it ended.',
  fields: {
    runId: { type: Text },
    dataset: { type: Text },
    status: { type: Text, description: 'promoted, nothing-published, held, refused, failed …' },
    startedAt: { type: new GraphQLNonNull(DateTime) },
    endedAt: { type: new GraphQLNonNull(DateTime) },
    snapshotId: { type: BigInteger, description: 'The state that it published.' },
    contractVersion: { type: GraphQLString },
    sealDigest: { type: GraphQLString },
    why: { type: new GraphQLNonNull(new GraphQLList(Text)) },
    reasons: {
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(ReasonCount))),
      resolve: ({ reasons }) => Object.entries(reasons).map(([code, records]) => ({ code, records })),
    },
    ...Object.fromEntries(
      (['records', 'silver', 'quarantined', 'condemned', 'blank'] as const).map((name) => [
        name,
        { type: Count, resolve: ({ counts }: RunRecord) => counts[name] },
      ]),
    ),
  },
});

const RunPage = new GraphQLObjectType({
  name: 'RunPage',
  fields: {
    nodes: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Run))) },
    endCursor: {
      type: GraphQLString,
      description: 'Where the next page begins; null where this is the last.',
    },
  },
});

const MOST_RUNS = 200;

const RunArgs = z.object({
  first: z.number().int(),
  after: z.string().nullish(),
  dataset: z.string().nullish(),
  status: z.string().nullish(),
});

/** The runs, newest first. */
export const runsField: Field = {
  type: new GraphQLNonNull(RunPage),
  description: 'The runs, newest first; with a filter that few meet, a page may be short and go on.',
  args: {
    first: { type: new GraphQLNonNull(GraphQLInt), defaultValue: PAGE_ROWS },
    after: { type: GraphQLString },
    dataset: { type: GraphQLString },
    status: { type: GraphQLString },
  },
  extensions: { cost: pageCost },
  resolve: async (_, args, { effects, loaded }) => {
    const { first, after, dataset, status } = RunArgs.parse(args);
    if (first < 1 || first > MOST_RUNS)
      throw new ConfigError(
        'REQUEST',
        `first: ${first} is no size of a page: ask for 1 to ${MOST_RUNS} runs.`,
      );
    const own = dataset ?? undefined;
    if (own !== undefined) requireContract(loaded, own);
    const keys = runKeys(effects, { dataset: own, before: placeOf(after ?? undefined) });
    const { page, next } = await newestPage(keys, {
      limit: first,
      read: (key) => readRun(effects, key),
      isMeant: (run) => (status ?? run.status) === run.status,
    });
    return { nodes: page, endCursor: next };
  },
};

const Closing = new GraphQLObjectType<ClosingRecord, Asking>({
  name: 'Closing',
  description: 'A month of a report that was closed.',
  fields: {
    id: { type: Text },
    report: { type: Text },
    month: { type: Text },
    at: { type: new GraphQLNonNull(DateTime) },
    by: { type: Text },
    reason: { type: Text },
    digest: { type: Text, description: "That of the month's rows." },
    rows: { type: Count },
    snapshotId: { type: Count },
    endedAt: {
      type: DateTime,
      description: 'When it was reopened, or another took its place.',
      resolve: ({ ended }) => ended?.at ?? null,
    },
  },
});

/** The closings of a report. */
export const closingsField: Field = {
  type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Closing))),
  description: 'The closings that there ever were of a report.',
  args: { report: { type: Text } },
  extensions: { cost: () => ({ own: 500, times: 50 }) },
  resolve: async (_, { report }, { effects, loaded }) => {
    const { dataset } = goldReport(String(report), loaded.contracts.values());
    return await closingRecords(effects.objects, dataset);
  },
};
