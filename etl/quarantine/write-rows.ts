import { join } from 'node:path';
import { withEngine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import type { Effects } from '../ports.ts';

/** Rows of a small Parquet file of its own. */
export interface RowsToWrite {
  readonly key: string;
  /** DuckDB's type by column name. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
}

/** Stores rows as Parquet under a key, all or nothing; there must be one at least. */
export async function writeRows(effects: Effects, { key, columns, rows }: RowsToWrite): Promise<void> {
  const scratch = await effects.openScratch('rows');
  try {
    const file = await scratch.create('rows.json');
    for (const row of rows) await file.write(Buffer.from(`${JSON.stringify(row)}\n`));
    await file.close();
    const types = Object.entries(columns).map(([name, type]) => `${name}: ${literal(type)}`);
    const path = join(scratch.directory, 'rows.parquet');
    await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      engine.run(
        `COPY (SELECT * FROM read_json(${literal(file.path)}, columns = {${types.join(', ')}}, format = 'newline_delimited', maximum_object_size = 67108864))
         TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
      ),
    );
    await effects.data.publish(path, key);
  } finally {
    await scratch.dispose();
  }
}
