import { type AvroField, type AvroRecordSchema, optional, required } from './avro.ts';
import type { PartitionSpec } from './metadata.ts';

/** The Avro schema of a manifest: https://iceberg.apache.org/spec/#manifests. */
export function manifestSchema(spec: PartitionSpec): AvroRecordSchema {
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      required('status', 'int', 0),
      optional('snapshot_id', 'long', 1),
      optional('sequence_number', 'long', 3),
      optional('file_sequence_number', 'long', 4),
      required('data_file', { type: 'record', name: 'r2', fields: dataFileFields(spec) }, 2),
    ],
  };
}

function dataFileFields(spec: PartitionSpec): AvroField[] {
  const partition = spec.fields.map((field) => optional(avroName(field.name), 'int', field['field-id']));
  return [
    required('content', 'int', 134),
    required('file_path', 'string', 100),
    required('file_format', 'string', 101),
    required('partition', { type: 'record', name: 'r102', fields: partition }, 102),
    required('record_count', 'long', 103),
    required('file_size_in_bytes', 'long', 104),
    statsMap('column_sizes', 'long', [108, 117, 118]),
    statsMap('value_counts', 'long', [109, 119, 120]),
    statsMap('null_value_counts', 'long', [110, 121, 122]),
    statsMap('nan_value_counts', 'long', [137, 138, 139]),
    statsMap('lower_bounds', 'bytes', [125, 126, 127]),
    statsMap('upper_bounds', 'bytes', [128, 129, 130]),
    optional('key_metadata', 'bytes', 131),
    optional('split_offsets', { type: 'array', items: 'long', 'element-id': 133 }, 132),
    optional('equality_ids', { type: 'array', items: 'int', 'element-id': 136 }, 135),
    optional('sort_order_id', 'int', 140),
  ];
}

/** A map with integer keys, which Avro knows only as an array of pairs. */
function statsMap(name: string, type: 'long' | 'bytes', ids: readonly [number, number, number]): AvroField {
  const [id, keyId, valueId] = ids;
  const pair: AvroRecordSchema = {
    type: 'record',
    name: `k${keyId}_v${valueId}`,
    fields: [required('key', 'int', keyId), required('value', type, valueId)],
  };
  return optional(name, { type: 'array', items: pair, logicalType: 'map' }, id);
}

/** A column name as Avro allows it, spelled as Iceberg's own library does. */
export function avroName(name: string): string {
  return Array.from(name, (char, index) => {
    if (/^[A-Za-z_]$/.test(char) || (index > 0 && /^\d$/.test(char))) return char;
    return /^\d$/.test(char) ? `_${char}` : `_x${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}`;
  }).join('');
}

/** The Avro schema of a manifest list: https://iceberg.apache.org/spec/#manifest-lists. */
export const manifestListSchema: AvroRecordSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    required('manifest_path', 'string', 500),
    required('manifest_length', 'long', 501),
    required('partition_spec_id', 'int', 502),
    required('content', 'int', 517),
    required('sequence_number', 'long', 515),
    required('min_sequence_number', 'long', 516),
    required('added_snapshot_id', 'long', 503),
    required('added_files_count', 'int', 504),
    required('existing_files_count', 'int', 505),
    required('deleted_files_count', 'int', 506),
    required('added_rows_count', 'long', 512),
    required('existing_rows_count', 'long', 513),
    required('deleted_rows_count', 'long', 514),
    optional('partitions', { type: 'array', items: fieldSummary(), 'element-id': 508 }, 507),
    optional('key_metadata', 'bytes', 519),
  ],
};

function fieldSummary(): AvroRecordSchema {
  return {
    type: 'record',
    name: 'r508',
    fields: [
      required('contains_null', 'boolean', 509),
      optional('contains_nan', 'boolean', 518),
      optional('lower_bound', 'bytes', 510),
      optional('upper_bound', 'bytes', 511),
    ],
  };
}
