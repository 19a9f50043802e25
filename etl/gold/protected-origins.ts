import { RESCUED_NAME } from '../contract/check-columns.ts';
import type { Classification, Contract, GoldContract } from '../contract/contract.ts';
import { isSealedColumn } from '../contract/table-columns.ts';
import type { Engine } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';
import { type GoldSources, goldOrigins } from './gold-origins.ts';

/**
 * The protected columns, with their classification, from which values of each column of a Gold table come; none of them for
 * those that hold none. A column that can't be followed may come from all that the SQL may read.
 */
export async function protectedOrigins(
  engine: Engine,
  contract: GoldContract,
  { query, contracts }: GoldSources,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Classification>>> {
  const hidden = new Map(contract.inputs.flatMap((input) => protectedColumns(contracts.get(input))));
  if (hidden.size === 0) return new Map();
  const found = [...(await goldOrigins(engine, contract, { query, contracts }))].map(
    ([name, origins]) => [name, new Map([...origins].flatMap((origin) => entryOf(hidden, origin)))] as const,
  );
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
