import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { tempFolder } from '../adapters/temp-folder.ts';

/** Where values stand in a lake: in which file, which value, and written which way. */
export type Found = readonly [file: string, value: string, way: string];

/** Where values stand in the files of a lake, as a program without any code of ours finds them, and how many files it read. */
export async function foundInLake(
  root: string,
  values: readonly string[],
): Promise<{ readonly files: number; readonly found: readonly Found[] }> {
  const { folder, dispose } = await tempFolder();
  const unpacked = path.join(folder, 'unpacked');
  await mkdir(unpacked);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const [n, name] of (await readdir(root, { recursive: true })).entries())
    if (name.endsWith('.parquet'))
      await connection.run(
        `COPY (SELECT *, '${name}' AS in_file FROM read_parquet('${path.join(root, name)}', hive_partitioning = false)) TO '${path.join(unpacked, `${n}.json`)}' (FORMAT json)`,
      );
  connection.closeSync();
  const list = path.join(folder, 'values.txt');
  await writeFile(list, values.join('\n'));
  const judge = new URL('../privacy/planted/judge.py', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)('python3', [judge, list, root, unpacked], {
    maxBuffer: 1 << 28,
  });
  await dispose();
  return JSON.parse(stdout) as { files: number; found: Found[] };
}
