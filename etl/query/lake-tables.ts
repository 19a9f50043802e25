import type { Contract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Layer, tableName } from '../naming/datasets.ts';
import { LEDGER_COLUMNS, REJECT_TABLE_COLUMNS } from '../refining/reject-tables.ts';
import type { TableColumn } from '../table/schema.ts';

/** The schemas of a lake. */
export const SCHEMAS = ['silver', 'gold', 'projection', 'quarantine', 'condemned', 'ops'] as const;

/** A table that a contract makes, with the columns of today's contract. */
export interface TableName {
  readonly contract: Contract;
  readonly name: string;
  readonly layer: Layer;
  readonly dataset: string;
  readonly columns: readonly TableColumn[];
}

/** The tables that a contract makes; the ledger's is the last. */
export function tablesOf(contract: Contract): TableName[] {
  const { dataset } = contract;
  const made = (layer: Layer, columns: readonly TableColumn[]): TableName => ({
    contract,
    name: tableName(layer, dataset),
    layer,
    dataset,
    columns,
  });
  if (contract.layer !== 'silver') return [made(contract.layer, tableColumns(contract))];
  return [
    made('silver', tableColumns(contract)),
    made('quarantine', REJECT_TABLE_COLUMNS),
    made('condemned', REJECT_TABLE_COLUMNS),
    made('source_files', LEDGER_COLUMNS),
  ];
}
