import path from 'node:path';
import { type Engine, withEngine } from '../../etl/engine/engine.ts';
import { literal } from '../../etl/engine/sql.ts';
import type { Effects, Scratch, SetAnswer, SetEngine, SetQuery } from '../../etl/ports.ts';
import { type TrinoRow, trinoSession } from './ask-trino.ts';
import { registerTables } from './temporary-tables.ts';
import type { TrinoPlace } from './trino-place.ts';
import { receivedColumns, sentColumns } from './wire.ts';

type TrinoEffects = Pick<Effects, 'objects' | 'data' | 'openScratch' | 'engine' | 'clock'>;

/**
 * Has a Trino answer. It only reads: tables of the lake are made known to it under names of a question, the rows come by
 * its protocol, and DuckDB writes them, in order of their values, to `<into>/answer.parquet`. Afterwards the tables are forgotten.
 */
export function trinoEngine(place: TrinoPlace, effects: TrinoEffects): SetEngine {
  return {
    name: 'trino',
    async select(query: SetQuery): Promise<SetAnswer> {
      const session = await trinoSession(place);
      const now = effects.clock.now();
      const tables = await registerTables({ objects: effects.objects, session, place, now }, query);
      try {
        const columns = sentColumns(query.columns);
        const pages = session.pages(`WITH ${tables.items} SELECT ${columns} FROM (${query.sql}) AS answer`);
        const keys = await keepRows(effects, query, pages);
        return { keys, readBytes: session.readBytes() };
      } finally {
        await tables.forget();
      }
    },
  };
}

async function keepRows(
  effects: TrinoEffects,
  query: SetQuery,
  pages: AsyncIterable<readonly TrinoRow[]>,
): Promise<string[]> {
  const scratch = await effects.openScratch('trino');
  try {
    const source = await spool(scratch, pages, query.columns.length);
    if (source === undefined) return [];
    const file = path.join(scratch.directory, 'answer.parquet');
    await withEngine(effects.engine, path.join(scratch.directory, 'spill'), (engine) =>
      writeParquet(engine, { query, source, file }),
    );
    const key = `${query.into}/answer.parquet`;
    await effects.data.publish(file, key);
    return [key];
  } finally {
    await scratch.dispose();
  }
}

/** Pages go to the disk as they come; a table expression of the texts `c0`, `c1` …, or undefined where there are no rows. */
async function spool(
  scratch: Scratch,
  pages: AsyncIterable<readonly TrinoRow[]>,
  width: number,
): Promise<string | undefined> {
  const file = await scratch.create('answer.ndjson');
  let rows = 0;
  for await (const page of pages) {
    rows += page.length;
    await file.write(Buffer.from(page.map(lineOf).join('')));
  }
  await file.close();
  if (rows === 0) return undefined;
  const columns = Array.from({ length: width }, (_, n) => `c${n}: 'VARCHAR'`).join(', ');
  return `read_json(${literal(file.path)}, format = 'newline_delimited', columns = {${columns}})`;
}

const lineOf = (row: TrinoRow): string =>
  `${JSON.stringify(Object.fromEntries(row.map((value, n) => [`c${n}`, value])))}\n`;

async function writeParquet(
  engine: Engine,
  { query, source, file }: { readonly query: SetQuery; readonly source: string; readonly file: string },
): Promise<void> {
  await engine.run(
    `COPY (SELECT ${receivedColumns(query.columns)} FROM ${source} ORDER BY ALL) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}
