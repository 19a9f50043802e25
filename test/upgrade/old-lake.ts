import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tempFolder } from '../adapters/temp-folder.ts';

const PACKED = path.join(import.meta.dirname, 'lake-of-2026-11-21.json.gz');

/**
 * A lake as Assay wrote it on 2026-11-21, with its contracts and Gold SQL: metadata files are named `v<N>-…`, Parquet is of
 * version 2. Four runs of `shop.sales`, one of them a retry of a corrected record, one record condemned by a person, and a
 * column that came with the last run. It was made at another place than it is put to.
 */
export async function openOldLake(): Promise<{ readonly cwd: string; dispose(): Promise<void> }> {
  const { folder, dispose } = await tempFolder();
  const files: Record<string, string> = JSON.parse(gunzipSync(await readFile(PACKED)).toString('utf8'));
  for (const [name, body] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, Buffer.from(body, 'base64'));
  }
  return { cwd: folder, dispose };
}
