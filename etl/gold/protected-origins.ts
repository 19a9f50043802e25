import { RESCUED_NAME } from '../contract/check-columns.ts';
import type { Classification, Contract, GoldContract } from '../contract/contract.ts';
import { isSealedColumn, tableColumns } from '../contract/table-columns.ts';
import { columnOrigins } from '../engine/column-origins.ts';
import type { Engine } from '../engine/engine.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { tableName } from '../naming/datasets.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';

/** A Gold table's SQL, its months put in, and the contracts that it and its inputs are made by. */
export interface GoldSources {
  readonly query: string;
  readonly contracts: ReadonlyMap<string, Contract>;
}

/**
 * The protected columns, with their classification, from which values of each column of a Gold table come; none of them for
 * those that hold none. A column that can't be followed may come from all that the SQL may read.
 */
export async function protectedOrigins(
  engine: Engine,
  { columns, inputs }: GoldContract,
  { query, contracts }: GoldSources,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Classification>>> {
  const hidden = new Map(inputs.flatMap((input) => protectedColumns(contracts.get(input))));
  if (hidden.size === 0) return new Map();
  const parsed = await parseSql(engine, query);
  const known = inputs.flatMap((input) => {
    const source = contracts.get(input);
    const names = source === undefined ? [] : tableColumns(source).map(({ name }) => name);
    return [[tableName('silver', input), names] as const];
  });
  const fields = columnOrigins(parsed.kind === 'queries' ? parsed.trees[0] : undefined, new Map(known));
  const found = columns.map(({ name }) => {
    const named = fields.filter((field) => field.name === name);
    const origins = (named.length === 0 ? fields : named).flatMap((field) => [...field.origins]);
    return [name, new Map(origins.flatMap((origin) => entryOf(hidden, origin)))] as const;
  });
  return new Map(found.filter(([, origins]) => origins.size > 0));
}

function entryOf<K, V>(map: ReadonlyMap<K, V>, key: K): [K, V][] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

/** Columns of a Silver table that hold envelopes or references, with their classification. */
function protectedColumns(contract: Contract | undefined): [string, Classification][] {
  if (contract?.layer !== 'silver' || !isProtected(protectionOf(contract))) return [];
  const table = tableName('silver', contract.dataset);
  const own = contract.columns.filter(isSealedColumn);
  return [
    ...own.map(({ name, classification }): [string, Classification] => [`${table}.${name}`, classification]),
    [`${table}.${RESCUED_NAME}`, 'personal'],
  ];
}
