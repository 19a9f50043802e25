import { GraphQLBoolean, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql';
import { z } from 'zod';
import type { TracedEvent } from '../../etl/asking/stream-answer.ts';
import type { SqlValue } from '../../etl/engine/engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import { type ShownStream, streamOf } from '../projections/stream-of.ts';
import type { Asking } from './asking.ts';
import { type CostOf, pageCost } from './costs.ts';
import { AsOfInput, askedRows } from './filters.ts';
import { BigInteger, DateTime, JsonValue } from './scalars.ts';
import type { ShownTable } from './shown-table.ts';
import { type PageRow, rowsOf } from './table-rows.ts';
import { type Fields, list, required, type TableTypes, typesOf } from './table-types.ts';

/** The types of all projections: the rows of each lead to those of the others that share its key. */
export function projectionTypes(tables: readonly ShownTable[]): TableTypes[] {
  const all: TableTypes[] = [];
  for (const table of tables) all.push(typesOf(table, () => relationsOf(table, all)));
  return all;
}

function relationsOf(table: ShownTable, all: readonly TableTypes[]): Fields<PageRow> {
  const related = all.filter((one) => one.table !== table && sharesKey(table, one.table));
  return Object.fromEntries(related.map((one) => [one.table.name, relatedField(table, one)]));
}

/** Both name streams of one dataset in the first column of their key. */
function sharesKey({ contract: a }: ShownTable, { contract: b }: ShownTable): boolean {
  return a.layer === 'projection' && b.layer === 'projection' && a.inputs[0] === b.inputs[0];
}

function relatedField(
  { contract: own }: ShownTable,
  { table, page, args }: TableTypes,
): Fields<PageRow>[string] {
  const [from = ''] = own.key;
  const [to = ''] = table.contract.key;
  return {
    type: required(page),
    description: `The rows of the same stream. ${table.description}`,
    args,
    extensions: { cost: pageCost },
    resolve: async ({ values }, given, asking, info) => {
      const asked = askedRows(given, table.columns);
      const filters = [...asked.filters, { column: to, op: 'eq' as const, values: [String(values[from])] }];
      return await rowsOf(table, { ...asked, filters }, { asking, info });
    },
  };
}

/** Reading a stream and folding it takes about as long as two pages. */
const STREAM_COST: CostOf = ({ trace }) => ({
  own: 1000,
  times: typeof trace === 'number' ? Math.max(1, trace) : 1,
});

/** Events of a trace at most. */
const MOST_TRACED = 100;

const StreamArgs = z.object({
  stream: z.string(),
  at: z.string().nullish(),
  asOf: z.object({ snapshot: z.string().optional(), time: z.string().optional() }).nullish(),
  trace: z.number().int().nullish(),
});

/** The name of the field by which a projection is asked about one stream. */
export const streamFieldName = ({ table }: TableTypes): string => `${table.name}_At`;

/** The field by which a projection is asked about one stream, at a moment of its events, as known at a moment. */
export function streamField(types: TableTypes): Fields<unknown>[string] {
  const { table } = types;
  return {
    type: required(streamType(types)),
    description: `One stream at a moment of its events, as known at a moment. ${table.description}`,
    args: {
      stream: { type: required(GraphQLString) as never, description: 'whose state it is' },
      at: {
        type: DateTime,
        description: 'only events that had happened by then, by their own time; a day is all of it',
      },
      asOf: {
        type: AsOfInput,
        description: 'what was known then, folded by the code of then; now unless said',
      },
      trace: {
        type: GraphQLInt,
        defaultValue: 0,
        description: `so many of the last events, ${MOST_TRACED} at most`,
      },
    },
    extensions: { cost: STREAM_COST },
    resolve: (_, args, { effects, sight }) => {
      const { stream, at, asOf, trace } = StreamArgs.parse(args);
      const traced = trace ?? 0;
      if (traced < 0 || traced > MOST_TRACED)
        throw new ConfigError(
          'REQUEST',
          `trace: ${traced} is no number of events: ask for 0 to ${MOST_TRACED}.`,
        );
      return streamOf(effects, sight.reader, {
        ...{ projection: table.contract.dataset, stream, traced },
        at: at ?? undefined,
        asOf: asOf?.snapshot ?? asOf?.time,
      });
    },
  };
}

type Fold = Pick<ShownStream, 'state' | 'rows' | 'version' | 'at'>;

function streamType(types: TableTypes): GraphQLObjectType<ShownStream, Asking> {
  const folded: Fields<Fold> = {
    state: {
      type: JsonValue,
      description: 'What the fold came to; null where it is hidden, or no event counts.',
    },
    rows: { type: list(types.row), resolve: ({ rows }) => rows.map(followedRow) },
    version: { type: GraphQLString, description: 'Of the last event that counts.' },
    at: { type: GraphQLString, description: 'When that one happened.' },
  };
  const event = new GraphQLObjectType<TracedEvent, Asking>({
    name: `${types.table.name}_Event`,
    description: 'An event, and what the stream came to with it.',
    fields: {
      ...folded,
      id: { type: GraphQLString },
      type: { type: GraphQLString },
      data: { type: JsonValue, description: 'All of its columns.' },
    },
  });
  return new GraphQLObjectType<ShownStream, Asking>({
    name: `${types.table.name}_Stream`,
    fields: {
      ...folded,
      stream: { type: required(GraphQLString) },
      events: { type: required(GraphQLInt), description: 'How many were folded.' },
      isStateHidden: { type: required(GraphQLBoolean) },
      snapshotId: {
        type: BigInteger,
        description: 'Null where nothing was published.',
        resolve: ({ asOf }) => asOf.snapshot,
      },
      since: {
        type: required(DateTime),
        description: 'When readers first saw it.',
        resolve: ({ asOf }) => asOf.since,
      },
      trace: { type: list(event), resolve: ({ trace = [] }) => trace },
    },
  });
}

/** A row as JSON has it, as fields of a table's rows take it. */
export function followedRow(row: ShownStream['rows'][number]): PageRow {
  const values = row as Readonly<Record<string, SqlValue>>;
  return { cursor: '', values, madeFrom: {}, source: async () => undefined };
}
