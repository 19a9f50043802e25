import { ConfigError } from '../errors.ts';
import {
  checkNames,
  idsAfter,
  type NextId,
  nameMapping,
  newField,
  primitiveOf,
  printPrimitive,
} from './fields.ts';
import {
  currentSchema,
  type IcebergField,
  type IcebergSchema,
  type IcebergType,
  type TableMetadata,
} from './metadata.ts';
import type { ColumnType, TableColumn } from './schema.ts';

/** One reason why wanted columns don't fit a table: readers of the table would break. */
export interface SchemaIncompatibility {
  /** Dotted where nested, e.g. `reasons.element.code`. */
  readonly column: string;
  readonly kind: 'removed' | 'type-changed' | 'required-added' | 'made-required';
  /** What is wrong, in a sentence. */
  readonly message: string;
}

/** Everything that keeps a table from taking these columns; empty when `evolveSchema` would succeed. */
export function schemaIncompatibilities(
  metadata: TableMetadata,
  columns: readonly TableColumn[],
): SchemaIncompatibility[] {
  return merge(metadata, columns).problems;
}

/**
 * The table with these columns: the same object when nothing changes, otherwise with a new current
 * schema. New optional columns, wider types (int to long, decimal precision up), required made optional
 * and new docs are taken; columns keep their order and new ones come last. Anything else throws
 * ConfigError `SCHEMA_INCOMPATIBLE`.
 */
export function evolveSchema(metadata: TableMetadata, columns: readonly TableColumn[]): TableMetadata {
  const { fields, lastId, problems } = merge(metadata, columns);
  if (problems.length > 0) {
    throw new ConfigError(
      'SCHEMA_INCOMPATIBLE',
      `${problems.map((problem) => problem.message).join(' ')} Readers of the table would break: undo this in the contract, or publish it as a new major version.`,
      { context: { column: problems[0]?.column, location: metadata.location } },
    );
  }
  if (JSON.stringify(fields) === JSON.stringify(currentSchema(metadata).fields)) return metadata;
  const schemaId = 1 + Math.max(...metadata.schemas.map((schema) => schema['schema-id']));
  const schema: IcebergSchema = { type: 'struct', 'schema-id': schemaId, fields };
  return {
    ...metadata,
    'last-column-id': lastId,
    'current-schema-id': schemaId,
    schemas: [...metadata.schemas, schema],
    properties: { ...metadata.properties, 'schema.name-mapping.default': nameMapping(fields) },
  };
}

/** What one merge carries along. */
interface Merge {
  readonly next: NextId;
  readonly problems: SchemaIncompatibility[];
}

function merge(metadata: TableMetadata, columns: readonly TableColumn[]) {
  const ids = idsAfter(metadata['last-column-id']);
  const problems: SchemaIncompatibility[] = [];
  const fields = mergeFields(currentSchema(metadata).fields, columns, { path: '', next: ids.next, problems });
  return { fields, lastId: ids.last(), problems };
}

function mergeFields(
  existing: readonly IcebergField[],
  wanted: readonly TableColumn[],
  { path, ...into }: Merge & { readonly path: string },
): IcebergField[] {
  checkNames(wanted);
  const byName = new Map(wanted.map((column) => [column.name, column]));
  const known = new Set(existing.map((field) => field.name));
  const kept = existing.map((field) => {
    const column = byName.get(field.name);
    if (column !== undefined) return mergeField(field, column, { ...into, path });
    into.problems.push({
      column: path + field.name,
      kind: 'removed',
      message: `Column '${path}${field.name}' was removed or renamed.`,
    });
    return field;
  });
  return [...kept, ...wanted.filter((column) => !known.has(column.name)).map(added)];

  function added(column: TableColumn): IcebergField {
    if (column.required) {
      into.problems.push({
        column: path + column.name,
        kind: 'required-added',
        message: `New column '${path}${column.name}' is required, but files written before have no value for it.`,
      });
    }
    return newField(column, into.next);
  }
}

function mergeField(
  field: IcebergField,
  column: TableColumn,
  into: Merge & { readonly path: string },
): IcebergField {
  const path = into.path + field.name;
  if (column.required && !field.required) {
    into.problems.push({
      column: path,
      kind: 'made-required',
      message: `Column '${path}' became required, but files written before may lack values.`,
    });
  }
  return {
    id: field.id,
    name: field.name,
    required: column.required,
    type: mergeType(field.type, column.type, { ...into, path }),
    ...(column.doc === undefined ? {} : { doc: column.doc }),
  };
}

function mergeType(
  existing: IcebergType,
  wanted: ColumnType,
  into: Merge & { readonly path: string },
): IcebergType {
  if (typeof existing === 'string') {
    if (wanted.kind !== 'list' && wanted.kind !== 'struct' && fits(existing, wanted)) {
      return printPrimitive(wanted);
    }
  } else if (existing.type === 'list' && wanted.kind === 'list') {
    const element = mergeType(existing.element, wanted.element, { ...into, path: `${into.path}.element` });
    return { ...existing, element };
  } else if (existing.type === 'struct' && wanted.kind === 'struct') {
    const fields = mergeFields(existing.fields, wanted.fields, { ...into, path: `${into.path}.` });
    return { ...existing, fields };
  }
  into.problems.push({
    column: into.path,
    kind: 'type-changed',
    message: `Column '${into.path}' changed from ${nameOf(existing)} to ${wantedName(wanted)}.`,
  });
  return existing;
}

/** Whether files with the existing type can be read as the wanted one: https://iceberg.apache.org/spec/#schema-evolution. */
function fits(existing: string, wanted: Exclude<ColumnType, { kind: 'list' | 'struct' }>): boolean {
  const from = primitiveOf(existing);
  if (from === undefined) return false;
  if (from.kind === 'decimal' && wanted.kind === 'decimal') {
    return from.scale === wanted.scale && from.precision <= wanted.precision;
  }
  return from.kind === wanted.kind || (from.kind === 'int' && wanted.kind === 'long');
}

function nameOf(type: IcebergType): string {
  return typeof type === 'string' ? type : type.type;
}

function wantedName(type: ColumnType): string {
  return type.kind === 'list' || type.kind === 'struct' ? type.kind : printPrimitive(type);
}
