import type { Layer } from '../naming.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { TableColumn } from '../table/schema.ts';

/** One table of the lake that a query may name. */
export interface LakeView {
  readonly name: string;
  readonly layer: Layer;
  readonly dataset: string;
  readonly columns: readonly TableColumn[];
  /** Undefined where nothing of it was ever published: the view is empty then. */
  readonly table: LakeTable | undefined;
}
