import type { LakeTable } from '../table/lake-table.ts';
import type { TableName } from './lake-tables.ts';

/** One table of the lake that a query may name. */
export interface LakeView extends TableName {
  /** Undefined where nothing of it was ever published: the view is empty then. */
  readonly table: LakeTable | undefined;
}
