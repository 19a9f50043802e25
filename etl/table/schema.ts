/** A column type that Iceberg, Parquet and DuckDB share. */
export type ColumnType =
  | { readonly kind: 'boolean' | 'int' | 'long' | 'double' | 'date' | 'timestamptz' | 'string' | 'binary' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'struct'; readonly fields: readonly TableColumn[] };

/** A column as wanted, before Iceberg gave it a field id. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
  readonly doc?: string;
}

/** One Parquet file of a table, as its writer described it. */
export interface DataFile {
  /** Key in the lake. */
  readonly key: string;
  readonly recordCount: number;
  readonly sizeBytes: number;
  /** Months since 1970-01 of the partition column; undefined in an unpartitioned table. */
  readonly month?: number;
  /** By column name, top-level columns of primitive type only. */
  readonly columns: Readonly<Record<string, ColumnStats>>;
}

/** What the writer knows of one column in one file; bounds as DuckDB prints them (binary as hex), absent where unknown. */
export interface ColumnStats {
  readonly valueCount: number;
  readonly nullCount: number;
  readonly sizeBytes: number;
  readonly min?: string;
  readonly max?: string;
}
