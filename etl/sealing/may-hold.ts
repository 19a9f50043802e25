import { type Engine, textOf } from '../engine/engine.ts';
import type { DataFile } from '../table/schema.ts';

/** Whether a file may have a row that is looked for; false only where it surely has none. */
export type MayHold = (file: DataFile) => boolean;

/** Records of a source file that are looked for together: places are told apart no finer. */
const BLOCK_RECORDS = 65_536;

/** Files that may have a row of one of some source files, by their bounds. */
export function holdsSource(sourceFileIds: Iterable<string>): MayHold {
  const ids = new Set(sourceFileIds);
  return ({ columns }) => {
    const { min, max } = columns.source_file_id ?? {};
    if (min === undefined || max === undefined) return true;
    return min === max ? ids.has(min) : [...ids].some((id) => min <= id && id <= max);
  };
}

/** Files that may have one of the places of a SELECT (source_file_id, source_row_number), by their bounds. */
export async function holdsPlaces(engine: Engine, select: string): Promise<MayHold> {
  const rows = await engine.rows(
    `SELECT source_file_id AS id, CAST(source_row_number // ${BLOCK_RECORDS} AS VARCHAR) AS block FROM (${select}) GROUP BY ALL`,
  );
  const blocks = new Map<string, Set<number>>();
  for (const row of rows) {
    const [id, block] = [textOf(row, 'id'), Number(textOf(row, 'block'))];
    blocks.set(id, (blocks.get(id) ?? new Set()).add(block));
  }
  const isOfSource = holdsSource(blocks.keys());
  return (file) => {
    if (!isOfSource(file)) return false;
    const { source_file_id: id, source_row_number: row } = file.columns;
    const own = id?.min === undefined || id.min !== id.max ? undefined : blocks.get(id.min);
    if (own === undefined || row?.min === undefined || row.max === undefined) return true;
    const [first, last] = [row.min, row.max].map((text) => Math.floor(Number(text) / BLOCK_RECORDS));
    for (let block = first ?? 0; block <= (last ?? 0); block++) if (own.has(block)) return true;
    return false;
  };
}
