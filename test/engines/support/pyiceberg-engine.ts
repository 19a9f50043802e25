import { z } from 'zod';
import type { EngineTable } from './lake.ts';
import type { Reader } from './reader.ts';
import { conditionOf } from './reading.ts';
import { register } from './rest-catalog.ts';
import type { WritingEngine } from './writing.ts';

/** PyIceberg behind a reader, with the tables registered under namespaces that begin with `prefix`. */
export async function pyicebergEngine(
  reader: Reader,
  {
    rest,
    prefix,
    tables,
  }: { readonly rest: string; readonly prefix: string; readonly tables: readonly EngineTable[] },
): Promise<WritingEngine> {
  for (const table of tables) await register(rest, { ...table, namespace: `${prefix}${table.namespace}` });
  const nameOf = ({ namespace, name }: EngineTable): string => `${prefix}${namespace}.${name}`;
  const act = (action: string, table: EngineTable, more: object = {}): Promise<unknown> =>
    reader.request({ do: action, table: nameOf(table), ...more });
  return {
    read: (table, snapshot) => reader.rows({ do: 'read', table: nameOf(table), snapshot }),
    readTagged: (table, tag) => reader.rows({ do: 'read', table: nameOf(table), tag }),
    async plannedFiles(table, filter) {
      const condition = conditionOf(filter, (day) => `'${day}T00:00:00+00:00'`).replaceAll("DATE '", "'");
      return (await reader.rows({ do: 'read', table: nameOf(table), filter: condition })).files ?? 0;
    },
    async append(table, condition) {
      await act('append', table, { filter: condition });
    },
    async remove(table, condition) {
      await act('delete', table, { filter: condition });
    },
    async rewrite(table) {
      await act('overwrite', table);
    },
    async expire(table) {
      await act('expire', table);
    },
    metadataOf: async (table) => z.string().parse(await act('location', table)),
    snapshotsOf: async (table) => z.number().parse(await act('snapshots', table)),
  };
}
