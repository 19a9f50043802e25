import type { Column } from '@aws-sdk/client-glue';
import type { ColumnType, TableColumn } from '../../etl/table/schema.ts';

/** What Glue takes of a column's comment. */
const COMMENT_CHARACTERS = 255;

/** Columns as Glue lists them for people and tools; Athena itself goes by the Iceberg metadata. */
export function glueColumns(columns: readonly TableColumn[]): Column[] {
  return columns.map(({ name, type, doc }) => ({
    Name: name,
    Type: glueType(type),
    ...(doc === undefined ? {} : { Comment: oneLine(doc, COMMENT_CHARACTERS) }),
  }));
}

/** A text on one line and cut to a length: Glue takes no line breaks in comments. */
export function oneLine(text: string, length: number): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, length);
}

/** Hive's name of a type, as Iceberg's own Glue catalog writes it. */
function glueType(type: ColumnType): string {
  switch (type.kind) {
    case 'long':
      return 'bigint';
    case 'timestamptz':
      return 'timestamp';
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'list':
      return `array<${glueType(type.element)}>`;
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}:${glueType(field.type)}`).join(',')}>`;
    default:
      return type.kind;
  }
}
