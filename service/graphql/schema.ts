import { type GraphQLFieldConfig, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { Contract } from '../../etl/contract/contract.ts';
import type { LoadedContracts } from '../../etl/contract/load-contracts.ts';
import type { Asking } from './asking.ts';
import { changesField, changesFieldName } from './change-types.ts';
import { closingsField, datasetsField, runsField } from './plain-types.ts';
import { projectionTypes, streamField, streamFieldName } from './projection-types.ts';
import { shownTables } from './shown-table.ts';
import type { Sight } from './sight.ts';
import { goldTypes, silverTypes, type TableTypes, tableField } from './table-types.ts';

/** The schema of all that is seen with one set of roles: what is not seen is not in it. */
export function schemaOf({ contracts }: LoadedContracts, sight: Sight): GraphQLSchema {
  const { reader, hasRuns, hasClosings } = sight;
  const tables = shownTables(contracts.values(), reader);
  const silver = tables
    .filter(({ contract }) => contract.layer === 'silver')
    .map((table) => silverTypes(table, mayReadText(table.contract, sight)));
  const gold = tables.flatMap((table) => {
    const { contract } = table;
    if (contract.layer !== 'gold') return [];
    const isInput = ({ table: one }: TableTypes): boolean => contract.inputs.includes(one.contract.dataset);
    return [goldTypes(table, silver.filter(isInput))];
  });
  const projections = projectionTypes(tables.filter(({ contract }) => contract.layer === 'projection'));
  const fields: Record<string, GraphQLFieldConfig<unknown, Asking>> = {
    datasets: datasetsField,
    ...(hasRuns ? { runs: runsField } : {}),
    ...(hasClosings ? { closings: closingsField } : {}),
  };
  for (const types of [...silver, ...gold, ...projections]) fields[types.table.name] = tableField(types);
  // A state is made of events: who may not see those sees the rows.
  if (reader.schemas.has('silver'))
    for (const types of projections) fields[streamFieldName(types)] = streamField(types);
  const changes = projections.map((types) => [changesFieldName(types), changesField(types)] as const);
  return new GraphQLSchema({
    description: 'The tables of a lake, as their contracts describe them.',
    query: new GraphQLObjectType({ name: 'Query', fields }),
    ...(changes.length === 0
      ? {}
      : {
          subscription: new GraphQLObjectType({ name: 'Subscription', fields: Object.fromEntries(changes) }),
        }),
  });
}

/** A line of a file has all of a record's values. */
function mayReadText({ columns }: Contract, { reader: { hidden } }: Sight): boolean {
  return !columns.some(({ classification }) => hidden.has(classification));
}

/** So many sights at once: there are few sets of roles. */
const MOST_KEPT = 16;

/** Schemas by what they are made of: one is made once for all who see the same, until a contract changes. */
export function schemaCache(): (loaded: LoadedContracts, sight: Sight) => GraphQLSchema {
  const kept = new Map<string, GraphQLSchema>();
  return (loaded, sight) => {
    const digests = [...loaded.contracts.values()].map(({ dataset, digest }) => `${dataset} ${digest}`);
    const key = [sight.key, ...digests].join('\n');
    const schema = kept.get(key) ?? schemaOf(loaded, sight);
    kept.delete(key);
    kept.set(key, schema);
    for (const old of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(old);
    return schema;
  };
}
