import type { GoldContract } from '../contract/contract.ts';
import { currentSchema, type TableMetadata } from '../table/metadata.ts';

/**
 * A Gold contract with only the columns that an older table also has, to compare both. Undefined where that table lacks
 * a column of today's key, or the partition column.
 */
export function comparableWith(contract: GoldContract, table: TableMetadata): GoldContract | undefined {
  const known = new Set(currentSchema(table).fields.map(({ name }) => name));
  const needed = [...contract.key, contract.partitionColumn];
  if (!needed.every((name) => known.has(name))) return undefined;
  return { ...contract, columns: contract.columns.filter(({ name }) => known.has(name)) };
}
