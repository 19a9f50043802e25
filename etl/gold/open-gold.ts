import type { GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { tableRoot } from '../naming/tables.ts';
import type { ObjectStore } from '../ports.ts';
import { schemaIncompatibilities } from '../table/evolve-schema.ts';
import { nextGeneration } from '../table/generations.ts';
import { filesOf, type LakeTable, openOrCreateTable, openTable } from '../table/lake-table.ts';
import { currentSpec, type TableMetadata } from '../table/metadata.ts';
import type { Pointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';

/** A Gold table to be brought up to date. */
export interface OpenedGold {
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
  /** Set where the table is made anew beside the current one: the new generation's number, and the current table. */
  readonly anew?: { readonly generation: number; readonly before: LakeTable };
}

/**
 * Opens a Gold table at its pointer, its schema as today's contract wants it. Where that doesn't fit it, and the contract
 * has a new major version, the next generation of it, without rows yet; throws ConfigError `SCHEMA_INCOMPATIBLE` where
 * the version wasn't raised.
 */
export async function openGold(
  objects: ObjectStore,
  contract: GoldContract,
  pointer: Pointer | undefined,
): Promise<OpenedGold> {
  const { partitionColumn, description: comment } = contract;
  const shape = { columns: tableColumns(contract), partitionColumn, comment };
  const state = pointer?.tables.gold;
  if (pointer !== undefined && state !== undefined && isNewMajor(contract, pointer)) {
    const before = await openTable(objects, state);
    if (!fits(before.metadata, contract)) {
      const generation = nextGeneration(pointer);
      const root = tableRoot('gold', contract.dataset, generation);
      const table = await openOrCreateTable(objects, root, undefined, shape);
      return { table, files: [], anew: { generation, before } };
    }
  }
  const root = tableRoot('gold', contract.dataset, pointer?.generation);
  const table = await openOrCreateTable(objects, root, state, shape);
  return { table, files: table.metadataKey === undefined ? [] : await filesOf(table) };
}

function isNewMajor({ version }: GoldContract, { contract_version }: Pointer): boolean {
  const major = (text: string): number => Number(text.split('.')[0]);
  return major(version) > major(contract_version);
}

function fits(metadata: TableMetadata, contract: GoldContract): boolean {
  const [field] = currentSpec(metadata).fields;
  const isSamePartition = field === undefined || field.name === `${contract.partitionColumn}_month`;
  return isSamePartition && schemaIncompatibilities(metadata, tableColumns(contract)).length === 0;
}
