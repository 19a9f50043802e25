import { isByArrival } from '../contract/arrival-month.ts';
import type { SourceContract } from '../contract/contract.ts';
import { normaliseHeader } from '../contract/header.ts';
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
  const spellings = new Map(
    contract.columns.flatMap(({ name, headers }) =>
      headers.map((text) => [normaliseHeader(text), name] as const),
    ),
  );
  const at = isByArrival(contract)
    ? (contract.key[0] ?? contract.columns[0]?.name ?? '')
    : contract.partitionColumn;
  const listed = [...spellings.keys()].map(literal).join(', ');
  const rows = await engine.rows(
    `SELECT source_file_id, source_row_number, record FROM rejects
     WHERE source_file_id IN (${sourceFileIds.map(literal).join(', ')}) AND lower(trim(record ->> ${literal(`$.${at}`)})) IN (${listed})
     ORDER BY source_file_id, source_row_number`,
  );
  const found = new Map<string, string[]>();
  for (const row of rows) {
    if (!isOtherHeader(JSON.parse(textOf(row, 'record')), contract, spellings)) continue;
    const [id, number] = [textOf(row, 'source_file_id'), integerOf(row, 'source_row_number')];
    const problem = `record ${number} is a header that names its columns otherwise than the first one; what follows would be read under the wrong names`;
    found.set(id, [...(found.get(id) ?? []), problem]);
  }
  return found;
}

/** Whether a record's values name every required column of the contract, and some column where another one stands. */
function isOtherHeader(
  record: Readonly<Record<string, string | null>>,
  contract: SourceContract,
  spellings: ReadonlyMap<string, string>,
): boolean {
  const named = Object.entries(record).map(
    ([column, value]) => [column, spellings.get(normaliseHeader(value ?? ''))] as const,
  );
  const names = new Set(named.map(([, name]) => name));
  const isHeader = contract.columns.every(({ name, required }) => !required || names.has(name));
  return isHeader && named.some(([column, name]) => name !== undefined && name !== column);
}
