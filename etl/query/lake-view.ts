import type { LakeTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { TableName } from './lake-tables.ts';

/** One table of the lake that a query may name. */
export interface LakeView extends TableName {
  /** Undefined where nothing of it was ever published: the view is empty then. */
  readonly table: LakeTable | undefined;
  /** The table as it was in the generations before, oldest first. */
  readonly earlier: readonly EarlierTable[];
  readonly pointer: Pointer | undefined;
  /** Set where the generation that is asked for was expired. */
  readonly isExpired?: boolean;
}

/** A table of an earlier generation; undefined where it was expired. */
export interface EarlierTable {
  readonly generation: number;
  readonly table: LakeTable | undefined;
}
