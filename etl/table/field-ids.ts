import { currentSchema, type IcebergField, type IcebergType, type TableMetadata } from './metadata.ts';

/** Field ids by column name, as DuckDB's `COPY … (FIELD_IDS …)` nests them. */
export interface FieldIds {
  readonly [column: string]: number | FieldIds;
}

/** DuckDB's name for the id of a nested column itself. */
const OWN_ID = '__duckdb_field_id';

/** The ids of the current schema's columns. */
export function fieldIds(metadata: TableMetadata): FieldIds {
  return idsOf(currentSchema(metadata).fields);
}

function idsOf(fields: readonly IcebergField[]): FieldIds {
  return Object.fromEntries(fields.map((field) => [field.name, idOf(field.id, field.type)]));
}

function idOf(id: number, type: IcebergType): number | FieldIds {
  if (typeof type === 'string') return id;
  if (type.type === 'struct') return { [OWN_ID]: id, ...idsOf(type.fields) };
  return { [OWN_ID]: id, element: idOf(type['element-id'], type.element) };
}

/** Field ids as a DuckDB literal, e.g. `{"id": 1, "tags": {"__duckdb_field_id": 2, "element": 3}}`. */
export function printFieldIds(ids: FieldIds): string {
  const members = Object.entries(ids).map(
    ([name, id]) => `"${name.replaceAll('"', '""')}": ${typeof id === 'number' ? id : printFieldIds(id)}`,
  );
  return `{${members.join(', ')}}`;
}

/**
 * The options that make DuckDB's `COPY … TO … (FORMAT parquet, …)` write a file of this table: field ids,
 * and the schema in the footer as Iceberg's own writers put it there (icebird finds columns by it).
 */
export function copyOptions(metadata: TableMetadata): string {
  const schema = JSON.stringify(currentSchema(metadata)).replaceAll("'", "''");
  return `FIELD_IDS ${printFieldIds(fieldIds(metadata))}, KV_METADATA {"iceberg.schema": '${schema}'}`;
}
