import { createHmac } from 'node:crypto';
import { identifier, literal } from '../engine/sql.ts';
import type { TableColumn } from '../table/schema.ts';

/**
 * ` ORDER BY …` that tells nothing of the values: by a digest of the row that nobody can make without the lake's key. For
 * who may not see the columns that rows lie in the order of.
 */
export function keyedOrderSql(columns: readonly Pick<TableColumn, 'name'>[], digestKey: string): string {
  const salt = createHmac('sha256', digestKey).update('the order of rows').digest('hex');
  const row = columns.map(({ name }) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
  return ` ORDER BY sha256(concat_ws(chr(31), ${literal(salt)}, ${row}))`;
}
