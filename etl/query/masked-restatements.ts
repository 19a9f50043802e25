import { identifier, literal } from '../engine/sql.ts';
import type { LakeView } from './lake-view.ts';
import { isHiddenFrom, maskSql, type Reader } from './reader.ts';

/**
 * SELECT of what refreshes restated as a reader may see it: a value where they see its column, a key where they see all
 * of its columns. Of tables that no contract knows any more they see neither.
 */
export function maskedRestatements(
  select: string,
  views: readonly LakeView[],
  reader: Reader | undefined,
): string {
  if (reader === undefined || reader.hidden.size === 0) return select;
  const made = views
    .filter(({ layer }) => layer === 'gold' || layer === 'projection')
    .map(({ contract }) => contract);
  const seen = (contract: LakeView['contract'], column: string): boolean =>
    !isHiddenFrom(reader, contract, { layer: contract.layer, column });
  const columns = made.flatMap((contract) =>
    contract.columns
      .filter(({ name }) => seen(contract, name))
      .map(({ name }) => `(${literal(contract.dataset)}, ${literal(name)})`),
  );
  const keys = made
    .filter((contract) => contract.key.every((column) => seen(contract, column)))
    .map(({ dataset }) => literal(dataset));
  const isSeen = columns.length === 0 ? 'false' : `(dataset, "column") IN (${columns.join(', ')})`;
  const isKeySeen = keys.length === 0 ? 'false' : `dataset IN (${keys.join(', ')})`;
  const shown = (name: string, condition: string): string =>
    `CASE WHEN ${condition} THEN ${identifier(name)} ELSE ${maskSql(identifier(name))} END AS ${identifier(name)}`;
  return `SELECT * REPLACE (${shown('key', isKeySeen)}, ${shown('old_value', isSeen)}, ${shown('new_value', isSeen)}) FROM (${select})`;
}
