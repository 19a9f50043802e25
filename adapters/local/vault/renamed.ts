import { rename } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../durable-file.ts';

/** Gives finished files their names, in order, over what has them, and makes that durable once for each folder. */
export async function renamed(
  files: readonly { readonly temp: string; readonly target: string }[],
): Promise<void> {
  for (const { temp, target } of files) await rename(temp, target);
  for (const folder of new Set(files.map(({ target }) => path.dirname(target)))) await syncFolder(folder);
}
