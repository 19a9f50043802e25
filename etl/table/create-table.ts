import { ConfigError } from '../errors.ts';
import { idsAfter, nameMapping, newFields } from './fields.ts';
import type { IcebergField, PartitionSpec, TableMetadata } from './metadata.ts';
import type { TableColumn } from './schema.ts';

/** Partition field ids start here: https://iceberg.apache.org/spec/#partition-evolution. */
const FIRST_PARTITION_ID = 1000;

/** What a new table is. */
export interface NewTable {
  /** Absolute URI of the table's root, e.g. `s3://lake/silver/spend/council_payments`. */
  readonly location: string;
  readonly columns: readonly TableColumn[];
  readonly partition?: { readonly column: string; readonly transform: 'month' };
  readonly uuid: string;
  readonly nowMs: number;
}

/** Metadata of a table without a snapshot; throws ConfigError for a partition column that has no month. */
export function createTable({ location, columns, partition, uuid, nowMs }: NewTable): TableMetadata {
  const ids = idsAfter(0);
  const fields = newFields(columns, ids.next);
  const spec = partitionSpec(fields, partition?.column);
  return {
    'format-version': 2,
    'table-uuid': uuid,
    location: location.replace(/\/+$/, ''),
    'last-sequence-number': 0,
    'last-updated-ms': nowMs,
    'last-column-id': ids.last(),
    'current-schema-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields }],
    'default-spec-id': 0,
    'partition-specs': [spec],
    'last-partition-id': FIRST_PARTITION_ID - 1 + spec.fields.length,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: {
      'schema.name-mapping.default': nameMapping(fields),
      'write.format.default': 'parquet',
      'write.parquet.compression-codec': 'zstd',
    },
    'current-snapshot-id': -1,
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  };
}

function partitionSpec(fields: readonly IcebergField[], column: string | undefined): PartitionSpec {
  if (column === undefined) return { 'spec-id': 0, fields: [] };
  const source = fields.find((field) => field.name === column);
  if (source?.type !== 'date' && source?.type !== 'timestamptz') {
    throw new ConfigError(
      'PARTITION_COLUMN',
      `The table can't be partitioned by the month of '${column}': name a column of type date or timestamptz.`,
      { context: { column } },
    );
  }
  return {
    'spec-id': 0,
    fields: [
      {
        'source-id': source.id,
        'field-id': FIRST_PARTITION_ID,
        name: `${column}_month`,
        transform: 'month',
      },
    ],
  };
}
