import type { SourceContract } from '../contract/contract.ts';
import { keyColumns } from '../contract/record-key.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { supersededSql } from './exclusions.ts';

/** The condition under which a row (`old`) of the base is of a file that is read again; needs `replaced`. */
export const REPLACED_SQL = 'old.source_file_id IN (SELECT id$ FROM replaced)';

/** Why rows leave the base. */
interface LeavingBase {
  /** Whether files of it are read again. */
  readonly isReplacing: boolean;
  /** Whether rows of it give way to new ones with their keys. */
  readonly isSuperseding: boolean;
}

/** The condition under which a row (`old`) leaves the base; undefined where none does. Needs `replaced`, or `superseded`. */
export function leavesBaseSql(
  contract: SourceContract,
  { isReplacing, isSuperseding }: LeavingBase,
): string | undefined {
  const gone = [...(isReplacing ? [REPLACED_SQL] : []), ...(isSuperseding ? [supersededSql(contract)] : [])];
  return gone.length === 0 ? undefined : `(${gone.join(' OR ')})`;
}

/** What a list has of a record that leaves the run's files: its place, and why, where it fails for it. */
export const PLACE_COLUMNS: readonly string[] = ['source_file_id', 'source_row_number', 'code', 'event'];

/** What names one that leaves the base. */
export const keyIdentifiers = (contract: SourceContract): string[] => keyColumns(contract).map(identifier);

/** Tells a list of rows from any other: their number, and what hashes of these columns add up to. */
export interface ListMark {
  readonly rows: number;
  readonly sum: string;
}

/** The mark of a list, whatever its order. */
export async function markOf(engine: Engine, from: string, columns: readonly string[]): Promise<ListMark> {
  const [row = {}] = await engine.rows(`SELECT ${markSql(columns)} FROM ${from}`);
  return { rows: integerOf(row, 'rows'), sum: textOf(row, 'sum') };
}

/** SQL of a list's mark, as `rows` and `sum`. */
export function markSql(columns: readonly string[]): string {
  return `count(*) AS rows, CAST(coalesce(sum(CAST(hash(${columns.join(', ')}) AS HUGEINT)), 0) AS VARCHAR) AS sum`;
}
