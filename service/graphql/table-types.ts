import {
  GraphQLBoolean,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
} from 'graphql';
import { requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { figureLines } from '../../etl/lineage/figure-lines.ts';
import type { TracedRecord } from '../../etl/lineage/traced-record.ts';
import type { Asking } from './asking.ts';
import { scalarOf } from './column-type.ts';
import { pageCost, ROW_COST } from './costs.ts';
import { AsOfInput, askedRows, tableArgs } from './filters.ts';
import { BigInteger } from './scalars.ts';
import type { ShownColumn, ShownTable } from './shown-table.ts';
import { type PageOfRows, type PageRow, rowsOf } from './table-rows.ts';

/** The types of one table: its rows and their pages. */
export interface TableTypes {
  readonly table: ShownTable;
  readonly row: GraphQLObjectType<PageRow, Asking>;
  readonly page: GraphQLObjectType;
  /** What a page is asked for with. */
  readonly args: GraphQLFieldConfigArgumentMap;
}

export type Fields<Source> = GraphQLFieldConfigMap<Source, Asking>;

/** A type of what is always there. */
export const required = (type: GraphQLOutputType): GraphQLOutputType => new GraphQLNonNull(type as never);

const PageInfo = new GraphQLObjectType<PageOfRows, Asking>({
  name: 'PageInfo',
  fields: {
    hasNextPage: { type: required(GraphQLBoolean), resolve: ({ hasMore }) => hasMore },
    hasPreviousPage: {
      type: required(GraphQLBoolean),
      description: 'Pages go forward only: always false.',
      resolve: () => false,
    },
    startCursor: { type: GraphQLString, resolve: ({ rows }) => rows[0]?.cursor ?? null },
    endCursor: {
      type: GraphQLString,
      description: "Where the next page begins: its 'after'.",
      resolve: ({ rows }) => rows.at(-1)?.cursor ?? null,
    },
  },
});

/** The types of a Silver table. */
export function silverTypes(table: ShownTable, mayReadText: boolean): TableTypes {
  return typesOf(table, () => ({
    source: {
      type: mayReadText ? SourceLine : SourcePlace,
      description: 'The record of the source file that the row came from.',
      extensions: { cost: ROW_COST },
      resolve: (row) => row.source(),
    },
  }));
}

/** The types of a Gold table; its rows lead to those of its visible inputs. */
export function goldTypes(table: ShownTable, inputs: readonly TableTypes[]): TableTypes {
  if (inputs.length === 0) return typesOf(table, () => ({}));
  const lines = new GraphQLObjectType<PageRow, Asking>({
    name: `${table.name}_Lines`,
    description: 'The rows that a row can be made from, by dataset, as they were when it was made.',
    fields: Object.fromEntries(inputs.map((input) => [input.table.name, linesField(table, input)])),
  });
  return typesOf(table, () => ({
    lines: { type: required(lines), description: lines.description ?? '', resolve: (row) => row },
  }));
}

function linesField(
  { contract: gold }: ShownTable,
  { table, page, args: own }: TableTypes,
): Fields<PageRow>[string] {
  return {
    type: required(page),
    description: table.description,
    args: own,
    extensions: { cost: pageCost },
    resolve: async (row, args, asking, info) => {
      const asked = askedRows(args, table.columns);
      const source = requireSourceContract(asking.loaded, table.contract.dataset);
      if (gold.layer !== 'gold') throw new RangeError(`${gold.dataset} is no Gold table`);
      const lines = await figureLines(asking.effects, { gold, source }, row);
      const filters = [...asked.filters, ...lines.filters];
      const asOf = { kind: 'snapshot', id: lines.snapshotId } as const;
      return await rowsOf(table, { ...asked, filters, asOf }, { asking, info });
    },
  };
}

/** The field by which a table is read. */
export function tableField({ table, page, args: own }: TableTypes): Fields<unknown>[string] {
  return {
    type: required(page),
    description: table.description,
    args: {
      ...own,
      asOf: { type: AsOfInput, description: 'now unless said; a cursor goes on with its own state' },
    },
    extensions: { cost: pageCost },
    resolve: (_, args, asking, info) => rowsOf(table, askedRows(args, table.columns), { asking, info }),
  };
}

/** A type of several, all there. */
export const list = (type: GraphQLOutputType): GraphQLOutputType => required(new GraphQLList(required(type)));

/** The types of a table whose rows lead on; where to is asked once all types are there. */
export function typesOf(table: ShownTable, relations: () => Fields<PageRow>): TableTypes {
  const { name, columns, description } = table;
  const own = Object.fromEntries(columns.map((column) => [column.field, columnField(column)]));
  // A column may be called as a relation is: it is the contract's name, and stays.
  const row = new GraphQLObjectType<PageRow, Asking>({
    name,
    description,
    fields: () => ({ ...relations(), ...own }),
  });
  const edge = new GraphQLObjectType<PageRow, Asking>({
    name: `${name}_Edge`,
    fields: {
      cursor: { type: required(GraphQLString), resolve: ({ cursor }) => cursor },
      node: { type: required(row), resolve: (one) => one },
    },
  });
  const page = new GraphQLObjectType<PageOfRows, Asking>({
    name: `${name}_Page`,
    description: 'Rows in an order, and where they go on.',
    fields: {
      nodes: { type: list(row), resolve: ({ rows }) => rows },
      edges: { type: list(edge), resolve: ({ rows }) => rows },
      pageInfo: { type: required(PageInfo), resolve: (one) => one },
      table: { type: required(GraphQLString), description: 'As SQL names it.' },
      snapshotId: {
        type: BigInteger,
        description: 'The state that is seen; null where nothing was published.',
      },
    },
  });
  return { table, row, page, args: tableArgs(name, columns) };
}

function columnField({
  name,
  type,
  isNullable,
  isHidden,
  description,
}: ShownColumn): Fields<PageRow>[string] {
  const shown = isHidden ? GraphQLString : scalarOf(type);
  return {
    type: isNullable ? shown : required(shown),
    description,
    resolve: ({ values }) => values[name] ?? null,
  };
}

const PLACE: Fields<TracedRecord> = {
  file: {
    type: required(GraphQLString),
    description: 'Key of the source file.',
    resolve: ({ sourceFile }) => sourceFile,
  },
  record: {
    type: required(BigInteger),
    description: 'Number of the record in its file, from 1.',
    resolve: ({ sourceRowNumber }) => sourceRowNumber,
  },
  line: { type: GraphQLInt, description: "Line of the file; null where it can't be read any more." },
  runId: { type: required(GraphQLString), description: 'The run that published it.' },
  retriedIn: {
    type: GraphQLString,
    description: 'Key of the retry in which it passed; null where it passed at once.',
  },
};

/** Where a record stands, for those who may not see all of its values. */
const SourcePlace = new GraphQLObjectType<TracedRecord, Asking>({
  name: 'SourcePlace',
  description: 'Where a record stands in its source file.',
  fields: PLACE,
});

const SourceLine = new GraphQLObjectType<TracedRecord, Asking>({
  name: 'SourceLine',
  description: 'Where a record stands in its source file, and its text as it came.',
  fields: { ...PLACE, text: { type: GraphQLString, description: 'The text as it came.' } },
});
