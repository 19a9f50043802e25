import type { GoldContract } from '../contract/contract.ts';
import { currentSchema, type TableMetadata } from '../table/metadata.ts';

/**
 * A Gold contract with only those columns that a table of before has, so that both can be compared; undefined where its
 * rows can't be told by the key of now, or lie in no months of now.
 */
export function comparableWith(contract: GoldContract, table: TableMetadata): GoldContract | undefined {
  const known = new Set(currentSchema(table).fields.map(({ name }) => name));
  const needed = [...contract.key, contract.partitionColumn];
  if (!needed.every((name) => known.has(name))) return undefined;
  return { ...contract, columns: contract.columns.filter(({ name }) => known.has(name)) };
}
