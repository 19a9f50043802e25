import { join } from 'node:path';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { withEngine } from '../engine/engine.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { bindMonths } from '../gold/bind-months.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { readPointer } from '../table/pointer.ts';
import { type placeOf, tableFacets, tablePlace } from './datasets.ts';
import { type Facet, facet, type LineageDataset } from './event.ts';
import { type SqlColumn, sqlColumns } from './sql-columns.ts';

/** What a Gold table is made from and what it is, as a run of its own job. */
export interface GoldRun {
  readonly sql: string;
  readonly inputs: readonly LineageDataset[];
  readonly output: LineageDataset;
}

/** Describes how a Gold table was made: with the columns that each of its columns comes from, where its SQL is simple enough to tell. */
export async function goldRun(
  effects: Effects,
  contract: GoldContract,
  { contracts, rows }: { readonly contracts: ReadonlyMap<string, Contract>; readonly rows: number },
): Promise<GoldRun> {
  const { objects } = effects;
  const sql = await effects.contracts.sql(contract.sql);
  const places = new Map<string, ReturnType<typeof placeOf>>();
  const inputs: LineageDataset[] = [];
  for (const input of contract.inputs) {
    const pointer = (await readPointer(objects, 'silver', input))?.pointer;
    const place = tablePlace(objects, 'silver', { dataset: input, pointer });
    const source = contracts.get(input);
    places.set(tableName('silver', input), place);
    inputs.push({ ...place, ...(source === undefined ? {} : { facets: tableFacets(source, pointer) }) });
  }
  const pointer = (await readPointer(objects, 'gold', contract.dataset))?.pointer;
  const lineage = await columnLineage(effects, sql, { contract, contracts, places });
  const output: LineageDataset = {
    ...tablePlace(objects, 'gold', { dataset: contract.dataset, pointer }),
    facets: { ...tableFacets(contract, pointer), ...lineage },
    outputFacets: {
      outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', { rowCount: rows }),
    },
  };
  return { sql, inputs, output };
}

interface Known {
  readonly contract: GoldContract;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly places: ReadonlyMap<string, ReturnType<typeof placeOf>>;
}

async function columnLineage(
  effects: Effects,
  sql: string,
  { contract, contracts, places }: Known,
): Promise<Readonly<Record<string, Facet>>> {
  const known = new Map(
    contract.inputs.flatMap((input) => {
      const source = contracts.get(input);
      const names = source === undefined ? [] : tableColumns(source).map(({ name }) => name);
      return source === undefined ? [] : [[tableName('silver', input), new Set(names)] as const];
    }),
  );
  const parsed = await parse(effects, sql);
  const columns = sqlColumns(parsed, (table) => known.get(table));
  if (columns === undefined) return {};
  const input =
    (type: string, subtype: string) =>
    ({ table, column }: SqlColumn): Facet[] => {
      const place = places.get(table);
      return place === undefined ? [] : [{ ...place, field: column, transformations: [{ type, subtype }] }];
    };
  const fields = Object.fromEntries(
    [...columns.fields].map(([name, { from, subtype }]) => [
      name,
      { inputFields: from.flatMap(input('DIRECT', subtype)) },
    ]),
  );
  const dataset = columns.filters.flatMap(input('INDIRECT', 'FILTER'));
  return { columnLineage: facet('ColumnLineageDatasetFacet', '1-2-0', { fields, dataset }) };
}

async function parse(effects: Effects, sql: string): ReturnType<typeof parseSql> {
  const scratch = await effects.openScratch('lineage');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      parseSql(engine, bindMonths(sql, { from: 0, to: 0 })),
    );
  } finally {
    await scratch.dispose();
  }
}
