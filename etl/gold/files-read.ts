import type { Engine } from '../engine/engine.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema, currentSpec } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';
import { bindMonths } from './bind-months.ts';
import type { MonthRange } from './months.ts';
import { monthsRead } from './months-read.ts';

/** What a Gold table is made anew by: its SQL, for each of these ranges of months. */
export interface GoldQuery {
  readonly sql: string;
  readonly ranges: readonly MonthRange[];
}

/**
 * Those of an input's files whose rows can come into the result: of the months that the SQL itself leaves, whatever the
 * ranges are. All of them where the SQL restricts the input in no way that is understood, as a lookup table's.
 */
export async function filesRead(
  engine: Engine,
  { sql, ranges }: GoldQuery,
  {
    name,
    table,
    files,
  }: { readonly name: string; readonly table: LakeTable; readonly files: readonly DataFile[] },
): Promise<DataFile[]> {
  const column = partitionColumnOf(table);
  if (column === undefined) return [...files];
  const read = { table: name.split('.').at(-1) ?? name, column };
  const spans = await Promise.all(ranges.map((range) => monthsRead(engine, bindMonths(sql, range), read)));
  const isRead = (month: number): boolean =>
    spans.some(
      ({ from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }) => from <= month && month <= to,
    );
  return files.filter(({ month }) => month === undefined || isRead(month));
}

/** The column whose month partitions a table; undefined where none does. */
function partitionColumnOf({ metadata }: LakeTable): string | undefined {
  const [field] = currentSpec(metadata).fields;
  return currentSchema(metadata).fields.find(({ id }) => id === field?.['source-id'])?.name;
}
