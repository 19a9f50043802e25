import { duckType } from '../contract/duck-type.ts';
import { readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { DataStore, SetAnswer } from '../ports.ts';
import type { TableColumn } from '../table/schema.ts';

/** The rows of a set engine's answer, with DuckDB's types of the columns, as a table expression; of one without rows, too. */
export async function setRows(
  data: Pick<DataStore, 'localPath'>,
  { keys }: Pick<SetAnswer, 'keys'>,
  columns: readonly TableColumn[],
): Promise<string> {
  const named = columns.map((column) => ({ name: identifier(column.name), type: duckType(column.type) }));
  if (keys.length === 0)
    return `(SELECT ${named.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`).join(', ')} WHERE false)`;
  const paths = await Promise.all(keys.map((key) => data.localPath(key)));
  const typed = named.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`).join(', ');
  return `(SELECT ${typed} FROM ${readParquet(paths)})`;
}
