import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tempFolder } from '../adapters/temp-folder.ts';

/**
 * Lakes by the day on which Assay wrote them. That of 2026-11-30 has two runs of `shop.visits`, the second with 60 records
 * that stand in Silver already; its seals name no version of identities.
 */
type OldLake = '2026-11-21' | '2026-11-30';

/**
 * A lake as Assay wrote it on a day, with its contracts and Gold SQL. That of 2026-11-21: metadata files are named `v<N>-…`, Parquet is of
 * version 2. Four runs of `shop.sales`, one of them a retry of a corrected record, one record condemned by a person, and a
 * column that came with the last run. It was made at another place than it is put to.
 */
export async function openOldLake(
  day: OldLake = '2026-11-21',
): Promise<{ readonly cwd: string; dispose(): Promise<void> }> {
  const packed = path.join(import.meta.dirname, `lake-of-${day}.json.gz`);
  const { folder, dispose } = await tempFolder();
  const files: Record<string, string> = JSON.parse(gunzipSync(await readFile(packed)).toString('utf8'));
  for (const [name, body] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, Buffer.from(body, 'base64'));
  }
  return { cwd: folder, dispose };
}
