import type { SourceContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { isSealedColumn, tableColumns } from '../contract/table-columns.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';
import type { TableColumn } from '../table/schema.ts';

/** A column whose values would be read otherwise, in records that are in Silver now and then. */
export interface ValueChange {
  readonly column: string;
  readonly records: number;
  readonly examples: readonly {
    readonly sourceFile: string;
    readonly sourceRowNumber: number;
    readonly old: string | null;
    readonly new: string | null;
  }[];
}

/** The columns of both as the proposed one's table has them. An envelope and a value can't be compared. */
function comparableColumns(current: SourceContract, proposed: SourceContract): readonly TableColumn[] {
  const before = new Map(current.columns.map((column) => [column.name, isSealedColumn(column)]));
  const now = new Map(proposed.columns.map((column) => [column.name, isSealedColumn(column)]));
  return tableColumns(proposed).filter(({ name }) => now.has(name) && now.get(name) === before.get(name));
}

/** The columns of both contracts whose values would differ, with some examples each. Needs `judgeTried`. */
export async function readValueChanges(
  engine: Engine,
  { current, proposed }: { readonly current: SourceContract; readonly proposed: SourceContract },
  mostExamples: number,
): Promise<ValueChange[]> {
  const changes: ValueChange[] = [];
  for (const { name, type } of comparableColumns(current, proposed)) {
    const column = identifier(name);
    const rows = await engine.rows(
      `SELECT key$ AS file, v.row$ AS "row", CAST(s.${column} AS VARCHAR) AS old, CAST(t.${column} AS VARCHAR) AS new, count(*) OVER () AS n
       FROM verdicts_tried AS v JOIN ${tableName('silver', current.dataset)} AS s ON s.source_file_id = v.id$ AND s.source_row_number = v.row$
         JOIN tried_rows AS t ON t.source_file_id = v.id$ AND t.source_row_number = v.row$
       WHERE was$ = 'silver' AND is$ = 'silver' AND TRY_CAST(s.${column} AS ${duckType(type)}) IS DISTINCT FROM t.${column}
       ORDER BY file, "row" LIMIT ${mostExamples}`,
    );
    const [first] = rows;
    if (first === undefined) continue;
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    const examples = rows.map((row) => ({
      sourceFile: String(row.file),
      sourceRowNumber: integerOf(row, 'row'),
      old: text(row.old),
      new: text(row.new),
    }));
    changes.push({ column: name, records: integerOf(first, 'n'), examples });
  }
  return changes;
}
