import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@jest/globals';
import { withEngine } from '../../etl/engine/engine.ts';

/** Rewrites a Parquet file in place with other values, its size as before. `select` has THIS for the file; `folder` takes what is made meanwhile. */
export async function forgeParquet(file: string, select: string, folder: string): Promise<void> {
  const out = path.join(folder, 'tampered.parquet');
  const options = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 22';
  const source = select.replace('THIS', `read_parquet('${file}', hive_partitioning = false)`);
  await withEngine({ memoryLimitMb: 200, threads: 1 }, folder, (duck) =>
    duck.run(`COPY (${source}) TO '${out}' (${options})`),
  );
  // A careful forger keeps the size; Parquet readers take what lies between the pages and the footer for granted.
  const before = (await stat(file)).size;
  const forged = await readFile(out);
  const footer = forged.readUInt32LE(forged.length - 8) + 8;
  const padding = before - forged.length;
  expect(padding).toBeGreaterThanOrEqual(0);
  const parts = [forged.subarray(0, forged.length - footer), Buffer.alloc(padding), forged.subarray(-footer)];
  await writeFile(file, Buffer.concat(parts));
  expect((await stat(file)).size).toBe(before);
}
