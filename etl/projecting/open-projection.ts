import type { ProjectionContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { tableRoot } from '../naming/tables.ts';
import type { ObjectStore } from '../ports.ts';
import { schemaIncompatibilities } from '../table/evolve-schema.ts';
import { nextGeneration } from '../table/generations.ts';
import { filesOf, type LakeTable, openOrCreateTable, openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { STATE_COLUMNS } from './state-table.ts';

/** One of a projection's two tables with its files. */
export interface OpenedTable {
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
}

/** A projection's tables, to be brought up to date. */
export interface OpenedProjection {
  readonly rows: OpenedTable;
  readonly states: OpenedTable;
  /** Set where both are made anew beside the current ones: the new generation's number, and the rows that readers see. */
  readonly anew?: { readonly generation: number; readonly before: OpenedTable };
}

/**
 * Opens a projection's tables at its pointer. Where the contract has a new major version that doesn't fit them, the next
 * generation of them, without rows yet; throws ConfigError `SCHEMA_INCOMPATIBLE` where the version wasn't raised.
 */
export async function openProjection(
  objects: ObjectStore,
  contract: ProjectionContract,
  pointer: Pointer | undefined,
): Promise<OpenedProjection> {
  const { dataset, description: comment } = contract;
  const shape = { columns: tableColumns(contract), comment };
  const opened = async (
    layer: 'projection' | 'projection_state',
    generation: number | undefined,
  ): Promise<OpenedTable> => {
    const state = generation === pointer?.generation ? pointer?.tables[layer] : undefined;
    const wanted = layer === 'projection' ? shape : { columns: STATE_COLUMNS };
    const table = await openOrCreateTable(objects, tableRoot(layer, dataset, generation), state, wanted);
    return { table, files: table.metadataKey === undefined ? [] : await filesOf(table) };
  };
  const published = pointer?.tables.projection;
  if (pointer !== undefined && published !== undefined && isNewMajor(contract, pointer)) {
    const table = await openTable(objects, published);
    if (schemaIncompatibilities(table.metadata, shape.columns).length > 0) {
      const generation = nextGeneration(pointer);
      return {
        rows: await opened('projection', generation),
        states: await opened('projection_state', generation),
        anew: { generation, before: { table, files: await filesOf(table) } },
      };
    }
  }
  const generation = pointer?.generation;
  return {
    rows: await opened('projection', generation),
    states: await opened('projection_state', generation),
  };
}

function isNewMajor({ version }: ProjectionContract, { contract_version }: Pointer): boolean {
  const major = (text: string): number => Number(text.split('.')[0]);
  return major(version) > major(contract_version);
}
