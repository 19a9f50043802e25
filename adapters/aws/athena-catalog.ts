import { literal } from '../../etl/engine/sql.ts';
import type { Effects } from '../../etl/ports.ts';
import {
  type CatalogTable,
  describeSql,
  inSchema,
  listLayers,
  tableListSql,
} from '../../etl/query/catalog.ts';
import type { ColumnType } from '../../etl/table/schema.ts';
import type { AthenaRequest, KnownTables } from './athena-sql.ts';
import { queryName } from './athena-tables.ts';

/** DuckDB's SQL that answers SHOW and DESCRIBE from the published contracts, without Athena: of all tables, or those that are there. */
export async function catalogSql(
  effects: Effects,
  request: Exclude<AthenaRequest, { readonly kind: 'query' }>,
  there?: Pick<KnownTables, 'has'>,
): Promise<string> {
  const layers = ['silver', 'gold', 'projection', 'quarantine', 'condemned', 'source_files'] as const;
  const tables = (await listLayers(effects, layers))
    .map((table) => ({ ...table, name: queryName(table.name) }))
    .filter(({ name }) => there?.has(name) ?? true);
  if (request.kind === 'show-tables') return tableListSql(inSchema(tables, request.schema));
  const table = tables.find(({ name }) => name === request.table);
  if (table === undefined) throw new RangeError(`${request.table} is known, and in no list of tables`);
  return describeSql(columnsSql(table), table);
}

/** SQL that gives the columns as DuckDB's DESCRIBE does, with the types that they have in Athena's SQL. */
function columnsSql({ columns }: CatalogTable): string {
  const rows = columns.map(({ name, columnType, isNullable }) =>
    [name, athenaType(columnType), isNullable ? 'YES' : 'NO'].map(literal).join(', '),
  );
  return `FROM (VALUES (${rows.join('), (')})) AS columns(column_name, column_type, "null")`;
}

/** Athena's name of a type of Iceberg: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html. */
export function athenaType(type: ColumnType): string {
  switch (type.kind) {
    case 'int':
      return 'integer';
    case 'long':
      return 'bigint';
    case 'string':
      return 'varchar';
    case 'binary':
      return 'varbinary';
    case 'timestamptz':
      return 'timestamp(6) with time zone';
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'list':
      return `array(${athenaType(type.element)})`;
    case 'struct':
      return `row(${type.fields.map((field) => `${field.name} ${athenaType(field.type)}`).join(', ')})`;
    default:
      return type.kind;
  }
}
