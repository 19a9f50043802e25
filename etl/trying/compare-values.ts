import type { SourceContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';

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

/** The columns of both contracts whose values would differ, with some examples each. Needs `judgeTried`. */
export async function readValueChanges(
  engine: Engine,
  { current, proposed }: { readonly current: SourceContract; readonly proposed: SourceContract },
  mostExamples: number,
): Promise<ValueChange[]> {
  const known = new Set(current.columns.map(({ name }) => name));
  const changes: ValueChange[] = [];
  for (const { name, type } of proposed.columns.filter((column) => known.has(column.name))) {
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
