import path from 'node:path';
import { withEngine } from '../../etl/engine/engine.ts';
import { identifier, literal } from '../../etl/engine/sql.ts';
import { tableRowsSql } from '../../etl/engine/table-rows.ts';
import type { Effects, SetEngine, SetTable } from '../../etl/ports.ts';
import { filesOf, openTable } from '../../etl/table/lake-table.ts';

type DuckEffects = Pick<Effects, 'objects' | 'data' | 'openScratch' | 'engine'>;

/** A set engine on this machine: DuckDB is asked the same SQL over the same tables, so that tests need no server. */
export function duckSets(effects: DuckEffects): SetEngine {
  return {
    name: 'trino',
    async select({ sql, tables, columns, into }) {
      const items = await Promise.all(tables.map((table) => itemOf(effects, table)));
      const names = columns.map(({ name }) => identifier(name)).join(', ');
      const scratch = await effects.openScratch('duck-sets');
      try {
        const file = path.join(scratch.directory, 'answer.parquet');
        const rows = await withEngine(
          effects.engine,
          path.join(scratch.directory, 'spill'),
          async (engine) => {
            const select = `WITH ${items.join(', ')} SELECT ${names} FROM (${sql}) AS answer ORDER BY ALL`;
            await engine.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet)`);
            return await engine.rows(`SELECT 1 FROM read_parquet(${literal(file)}) LIMIT 1`);
          },
        );
        if (rows.length === 0) return { keys: [] };
        await effects.data.publish(file, `${into}/answer.parquet`);
        return { keys: [`${into}/answer.parquet`] };
      } finally {
        await scratch.dispose();
      }
    },
  };
}

async function itemOf(
  { objects, data }: DuckEffects,
  { name, metadataKey, snapshotId }: SetTable,
): Promise<string> {
  const state = { metadata_key: metadataKey, metadata_location: objects.uri(metadataKey), snapshot_id: 0 };
  const table = await openTable(objects, state);
  const paths = await Promise.all(
    (await filesOf(table, snapshotId)).map(({ key }) =>
      data.localPath(keyIn(objects.uri('ops').slice(0, -'ops'.length), key)),
    ),
  );
  return `${identifier(name)} AS (${tableRowsSql(table, paths)})`;
}

/** The key behind an address: a table of loose files names files outside of its own folder. */
const keyIn = (root: string, name: string): string =>
  name.startsWith(root) ? name.slice(root.length) : name;
