import type { Contract, GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { columnOrigins } from '../engine/column-origins.ts';
import type { Engine } from '../engine/engine.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { tableName } from '../naming/datasets.ts';
import { CARRIED_TABLE } from './carried.ts';

/** A Gold table's SQL, its months put in, and the contracts that it and its inputs are made by. */
export interface GoldSources {
  readonly query: string;
  readonly contracts: ReadonlyMap<string, Contract>;
}

/**
 * The columns of Silver, as `silver.table.column`, from which values of each column of a Gold table come; one that can't be
 * followed may come from all that the SQL may read. What a table carries comes from where the month before has it.
 */
export async function goldOrigins(
  engine: Engine,
  { columns, inputs, carry }: GoldContract,
  { query, contracts }: GoldSources,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const parsed = await parseSql(engine, query);
  const known = inputs.flatMap((input) => {
    const source = contracts.get(input);
    const names = source === undefined ? [] : tableColumns(source).map(({ name }) => name);
    return [[tableName('silver', input), names] as const];
  });
  const own = carry === true ? [[CARRIED_TABLE, columns.map(({ name }) => name)] as const] : [];
  const fields = columnOrigins(
    parsed.kind === 'queries' ? parsed.trees[0] : undefined,
    new Map([...known, ...own]),
  );
  const direct = columns.map(({ name }) => {
    const named = fields.filter((field) => field.name === name);
    const origins = (named.length === 0 ? fields : named).flatMap((field) => [...field.origins]);
    return [name, new Set(origins)] as const;
  });
  return throughMonths(new Map(direct));
}

/** Origins with those of each carried column in its place, through as many months as it takes. */
function throughMonths(
  direct: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const prefix = `${CARRIED_TABLE}.`;
  return new Map(
    [...direct].map(([name, origins]) => {
      // Grows while it is walked.
      const all = new Set(origins);
      for (const origin of all)
        if (origin.startsWith(prefix))
          for (const earlier of direct.get(origin.slice(prefix.length)) ?? []) all.add(earlier);
      return [name, new Set([...all].filter((origin) => !origin.startsWith(prefix)))] as const;
    }),
  );
}
