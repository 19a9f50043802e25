import { schemaColumns } from '../table/fields.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import type { TableColumn } from '../table/schema.ts';

/** The columns of a table as a set engine can answer them, in order; undefined where one of them is of a nested type. */
export function setColumns({ metadata }: Pick<LakeTable, 'metadata'>): TableColumn[] | undefined {
  const columns = schemaColumns(currentSchema(metadata));
  const isPlain = columns.every(({ type }) => type.kind !== 'list' && type.kind !== 'struct');
  return isPlain ? columns : undefined;
}
