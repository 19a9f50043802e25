import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import type { ProtectedColumn } from '../../../etl/privacy/vault.ts';
import type { OpenVault } from './open-vault.ts';
import { COLUMN_IDS, COLUMNS } from './places.ts';

const COLUMN = z.tuple([z.string(), z.string(), z.string()]);

const nameOf = ({ dataset, column, group }: ProtectedColumn): string =>
  JSON.stringify([dataset, column, group]);

/** Every column that has an id, by it. */
export async function columnsOf({ table }: OpenVault): Promise<ReadonlyMap<string, ProtectedColumn>> {
  const columns = new Map<string, ProtectedColumn>();
  for await (const { name, text = '' } of table.all(COLUMNS)) {
    const [dataset, column, group] = COLUMN.parse(JSON.parse(name));
    columns.set(text, { dataset, column, group });
  }
  return columns;
}

/** The ids of columns, in order; made where there are none. No two columns get the same. */
export async function idsOf(
  vault: OpenVault,
  columns: readonly ProtectedColumn[],
): Promise<readonly string[]> {
  for (;;) {
    const ids = new Map([...(await columnsOf(vault))].map(([id, column]) => [nameOf(column), id]));
    const missing = columns.find((column) => !ids.has(nameOf(column)));
    if (missing === undefined) return columns.map((column) => ids.get(nameOf(column)) ?? '');
    const id = toBase32(randomBytes(5));
    await vault.table.addAll([
      { shard: COLUMNS, name: nameOf(missing), text: id },
      { shard: COLUMN_IDS, name: id, text: nameOf(missing) },
    ]);
  }
}
