import { duckType } from '../contract/duck-type.ts';
import { schemaColumns } from '../table/fields.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import { readParquet } from './engine.ts';
import { identifier } from './sql.ts';

/**
 * SELECT of a table's columns, as its schema has them now, over some of its files (local paths): a file that is older
 * than a column doesn't have it, and has NULL there. Throws DataError `TABLE_TYPE` where a column is of a type that it can't name.
 */
export function tableRowsSql({ metadata }: LakeTable, paths: readonly string[]): string {
  const columns = schemaColumns(currentSchema(metadata)).map(({ name, type }) => ({
    name: identifier(name),
    type: duckType(type),
  }));
  const empty = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`).join(', ');
  const names = columns.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`).join(', ');
  const stored = paths.length === 0 ? '' : ` UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}`;
  return `SELECT ${names} FROM (SELECT ${empty} WHERE false${stored})`;
}
