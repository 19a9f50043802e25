import { GraphQLEnumType, GraphQLObjectType, GraphQLString } from 'graphql';
import { z } from 'zod';
import type { Told } from '../../etl/following/next-changes.ts';
import { placeText } from '../../etl/following/place.ts';
import type { Asking } from './asking.ts';
import type { CostOf } from './costs.ts';
import { followedRow } from './projection-types.ts';
import { BigInteger, DateTime } from './scalars.ts';
import { type Fields, list, required, type TableTypes } from './table-types.ts';

/** Looking for what changed takes about as long as two pages. */
const CHANGES_COST: CostOf = () => ({ own: 1000, times: 1 });

const Args = z.object({ stream: z.string().nullish(), since: z.string().nullish() });

const Kind = new GraphQLEnumType({
  name: 'ChangeKind',
  values: {
    ready: { description: 'It begins here: what was before is read as of this snapshot.' },
    change: { description: 'The rows of a stream are others now.' },
    reset: { description: 'What changed is not told stream by stream: read all anew as of this snapshot.' },
  },
});

/** The name of the field by which a projection is followed. */
export const changesFieldName = ({ table }: TableTypes): string => `${table.name}_Changes`;

/** The field of a subscription that tells which streams of a projection changed. */
export function changesField(types: TableTypes): Fields<Told>[string] {
  const { contract, description } = types.table;
  return {
    type: required(changeType(types)),
    description: `Which streams changed, whenever something is published. ${description}`,
    args: {
      stream: { type: GraphQLString, description: 'one stream alone' },
      since: {
        type: GraphQLString,
        description: "where to go on: the 'place' that was told last, or a snapshot, 0 for all there is",
      },
    },
    extensions: { cost: CHANGES_COST },
    subscribe: (_, args, { follow }) => {
      const { stream, since } = Args.parse(args);
      if (follow === undefined || contract.layer !== 'projection')
        throw new RangeError(`${contract.dataset} is not followed here.`);
      return follow(contract, { stream: stream ?? undefined, since: since ?? undefined });
    },
    resolve: (told) => told,
  };
}

function changeType(types: TableTypes): GraphQLObjectType<Told, Asking> {
  return new GraphQLObjectType<Told, Asking>({
    name: `${types.table.name}_Change`,
    fields: {
      kind: { type: required(Kind) },
      place: {
        type: required(GraphQLString),
        description: "Where to go on behind it: 'since'.",
        resolve: ({ place }) => placeText(place),
      },
      snapshotId: {
        type: BigInteger,
        description: 'The state that is told of; 0 where nothing was published.',
        resolve: (told) => (told.kind === 'nothing' ? told.place.snapshot : told.snapshot),
      },
      publishedAt: { type: DateTime, resolve: (told) => (told.kind === 'change' ? told.publishedAt : null) },
      why: { type: GraphQLString, resolve: (told) => (told.kind === 'reset' ? told.why : null) },
      stream: {
        type: GraphQLString,
        resolve: (told) => (told.kind === 'change' ? told.change.stream : null),
      },
      version: {
        type: GraphQLString,
        description: 'Of its last event; null where it has no rows any more.',
        resolve: (told) => (told.kind === 'change' ? told.change.version : null),
      },
      at: {
        type: GraphQLString,
        description: 'The latest time of its events.',
        resolve: (told) => (told.kind === 'change' ? told.change.at : null),
      },
      rows: {
        type: list(types.row),
        description: 'All of its rows as they are now.',
        resolve: (told) => (told.kind === 'change' ? told.change.rows.map(followedRow) : []),
      },
    },
  });
}
