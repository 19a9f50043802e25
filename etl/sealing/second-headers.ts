import type { SourceContract } from '../contract/contract.ts';
import { otherHeader } from '../contract/other-header.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';

/**
 * Records of `rejects` that are another header, naming the columns otherwise than the first, by source_file_id, of
 * files read by one contract. A second table begins there; its values would be read under wrong names, and no type may
 * keep them from Silver. A header is always rejected, since no column's name is a date of the partition column; in
 * tables partitioned by arrival, only if a check refuses it.
 */
export async function findSecondHeaders(
  engine: Engine,
  contract: SourceContract,
  sourceFileIds: readonly string[],
): Promise<ReadonlyMap<string, string[]>> {
  if (sourceFileIds.length === 0) return new Map();
  const other = otherHeader(contract);
  const listed = [...other.spellings.keys()].map(literal).join(', ');
  const rows = await engine.rows(
    `SELECT source_file_id, source_row_number, record FROM rejects
     WHERE source_file_id IN (${sourceFileIds.map(literal).join(', ')}) AND lower(trim(record ->> ${literal(`$.${other.column}`)})) IN (${listed})
     ORDER BY source_file_id, source_row_number`,
  );
  const found = new Map<string, string[]>();
  for (const row of rows) {
    if (!other.isIn(JSON.parse(textOf(row, 'record')))) continue;
    const [id, number] = [textOf(row, 'source_file_id'), integerOf(row, 'source_row_number')];
    const problem = `record ${number} is a header that names its columns otherwise than the first one; what follows would be read under the wrong names`;
    found.set(id, [...(found.get(id) ?? []), problem]);
  }
  return found;
}
