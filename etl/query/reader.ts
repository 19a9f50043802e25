import type { Classification, Contract } from '../contract/contract.ts';
import { isAddedName } from '../contract/table-columns.ts';
import { literal } from '../engine/sql.ts';
import { isContractTable, type Layer } from '../naming/datasets.ts';
import { RAW_COLUMNS } from '../refining/reject-tables.ts';
import type { SCHEMAS } from './lake-tables.ts';
import type { OPS_TABLES } from './ops-tables.ts';

/** A schema whose tables are those of datasets. */
export type TableSchema = Exclude<(typeof SCHEMAS)[number], 'ops'>;

/** Who reads, with their rights. */
export interface Reader {
  /** The schemas that exist for this reader. */
  readonly schemas: ReadonlySet<TableSchema>;
  /** The tables of `ops` that are there, by their own names. */
  readonly ops: ReadonlySet<keyof typeof OPS_TABLES>;
  /** Columns of these classifications show ••• for each value. */
  readonly hidden: ReadonlySet<Classification>;
}

/** What stands for values that a reader may not see. */
export const MASK = '•••';

/** SQL of a value that a reader may not see: NULL stays NULL. */
export const maskSql = (value: string): string => `CASE WHEN ${value} IS NOT NULL THEN ${literal(MASK)} END`;

/** Whether a table named `<schema>.<table>` is there for a reader; everything is for one who is not given. */
export function mayRead(reader: Reader | undefined, name: string): boolean {
  if (reader === undefined) return true;
  const [schema = '', table = ''] = name.split('.');
  const names: ReadonlySet<string> = schema === 'ops' ? reader.ops : reader.schemas;
  return names.has(schema === 'ops' ? table : schema);
}

/** How sensitive a column of a table is, lineage columns included: what the contract says, or what it implies. */
export function classificationOf(contract: Contract, layer: Layer, column: string): Classification {
  if (layer === 'source_files') return 'internal';
  const isOfSource = isContractTable(layer);
  const own = isOfSource ? contract.columns.find(({ name }) => name === column) : undefined;
  if (own !== undefined) return own.classification;
  const isAdded = isOfSource ? isAddedName(layer, column) : !RAW_COLUMNS.includes(column);
  // What holds whole records, and a column that the contract has no longer.
  return isAdded ? 'internal' : mostSensitive(contract);
}

/**
 * Whether a reader sees no value of a column. Beside what is classified so, that is a record's hash where any value of
 * the record is hidden: who knows the rest of a record finds a short value by trying all.
 */
export function isHiddenFrom(
  reader: Reader | undefined,
  contract: Contract,
  { layer, column }: { readonly layer: Layer; readonly column: string },
): boolean {
  if (reader === undefined) return false;
  const isHash =
    column === 'row_hash' && layer !== 'gold' && layer !== 'projection' && layer !== 'source_files';
  const seen = isHash ? mostSensitive(contract) : classificationOf(contract, layer, column);
  return (
    reader.hidden.has(seen) ||
    (isHash && contract.columns.some(({ classification }) => reader.hidden.has(classification)))
  );
}

function mostSensitive({ columns }: Contract): Classification {
  const order: readonly Classification[] = ['personal', 'confidential', 'internal'];
  return order.find((one) => columns.some(({ classification }) => classification === one)) ?? 'public';
}
