import { ConfigError, DataError } from '../errors.ts';
import type { IcebergField, IcebergSchema, IcebergType } from './metadata.ts';
import type { ColumnType, TableColumn } from './schema.ts';

/** Hands out field ids, each once. */
export type NextId = () => number;

/** A counter whose first id is `last` + 1; `last()` tells the highest id handed out. */
export function idsAfter(last: number): { readonly next: NextId; readonly last: () => number } {
  let current = last;
  return {
    next: () => {
      current += 1;
      return current;
    },
    last: () => current,
  };
}

/** Columns as Iceberg fields with new ids, nested ones included; throws ConfigError when two names differ only in case. */
export function newFields(columns: readonly TableColumn[], next: NextId): IcebergField[] {
  checkNames(columns);
  return columns.map((column) => newField(column, next));
}

/** One column as an Iceberg field with new ids. */
export function newField(column: TableColumn, next: NextId): IcebergField {
  const id = next();
  return {
    id,
    name: column.name,
    required: column.required,
    type: newType(column.type, next),
    ...(column.doc === undefined ? {} : { doc: column.doc }),
  };
}

function newType(type: ColumnType, next: NextId): IcebergType {
  if (type.kind === 'struct') return { type: 'struct', fields: newFields(type.fields, next) };
  if (type.kind !== 'list') return printPrimitive(type);
  const elementId = next();
  return {
    type: 'list',
    'element-id': elementId,
    element: newType(type.element, next),
    'element-required': false,
  };
}

/** A primitive type in Iceberg's words, e.g. `decimal(18, 2)`. */
export function printPrimitive(type: Exclude<ColumnType, { kind: 'list' | 'struct' }>): string {
  return type.kind === 'decimal' ? `decimal(${type.precision}, ${type.scale})` : type.kind;
}

/** The column type behind an Iceberg primitive, or undefined for a nested or foreign type. */
export function primitiveOf(type: IcebergType): ColumnType | undefined {
  if (typeof type !== 'string') return undefined;
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  switch (type) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'double':
    case 'date':
    case 'timestamptz':
    case 'string':
    case 'binary':
      return { kind: type };
    default:
      return undefined;
  }
}

/** The column type behind an Iceberg type, nested ones included, or undefined where some part of it is foreign. */
export function columnTypeOf(type: IcebergType): ColumnType | undefined {
  if (typeof type === 'string') return primitiveOf(type);
  if (type.type === 'list') {
    const element = columnTypeOf(type.element);
    return element === undefined ? undefined : { kind: 'list', element };
  }
  const fields: TableColumn[] = [];
  for (const { name, type: inner, required } of type.fields) {
    const known = columnTypeOf(inner);
    if (known === undefined) return undefined;
    fields.push({ name, type: known, required });
  }
  return { kind: 'struct', fields };
}

/** A schema's columns in its order. Throws DataError `TABLE_TYPE` where one is of a type that no contract has. */
export function schemaColumns({ fields }: IcebergSchema): TableColumn[] {
  return fields.map(({ name, type, required }) => {
    const known = columnTypeOf(type);
    if (known === undefined)
      throw new DataError(
        'TABLE_TYPE',
        `Column '${name}' has a type that Assay doesn't read: another engine added it. Drop it there.`,
        { context: { column: name } },
      );
    return { name, type: known, required };
  });
}

/** Throws ConfigError when two columns have names that differ only in case, which SQL engines can't tell apart. */
export function checkNames(columns: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    const folded = name.toLowerCase();
    if (seen.has(folded)) {
      throw new ConfigError(
        'DUPLICATE_COLUMN',
        `Column '${name}' appears twice (names are compared without case). Rename one of them in the contract.`,
        { context: { column: name } },
      );
    }
    seen.add(folded);
  }
}

interface NameMappingEntry {
  readonly 'field-id': number;
  readonly names: readonly string[];
  readonly fields?: readonly NameMappingEntry[];
}

/**
 * The value of the table property `schema.name-mapping.default`, by which readers find columns in
 * files without field ids: https://iceberg.apache.org/spec/#column-projection.
 */
export function nameMapping(fields: readonly IcebergField[]): string {
  return JSON.stringify(fields.map((field) => mappingEntry(field.id, field.name, field.type)));
}

function mappingEntry(id: number, name: string, type: IcebergType): NameMappingEntry {
  const entry = { 'field-id': id, names: [name] };
  if (typeof type === 'string') return entry;
  if (type.type === 'list') {
    return { ...entry, fields: [mappingEntry(type['element-id'], 'element', type.element)] };
  }
  return { ...entry, fields: type.fields.map((field) => mappingEntry(field.id, field.name, field.type)) };
}
