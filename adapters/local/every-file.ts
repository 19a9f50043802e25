import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LookedAt } from '../../etl/privacy/looking/look-through.ts';
import { readPieces } from './file-bytes.ts';
import { guarded, ifPresent } from './file-errors.ts';

/**
 * Every file below a folder, hidden ones and what is being written among them, by names that begin with the folder's; links
 * are not followed. What goes away meanwhile is left out.
 */
export async function* everyFile(folder: string, shown: string = folder): AsyncGenerator<LookedAt> {
  const entries =
    (await guarded(`reading ${folder}`, () => ifPresent(() => readdir(folder, { withFileTypes: true })))) ??
    [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [file, name] = [path.join(folder, entry.name), `${shown}/${entry.name}`];
    if (entry.isDirectory()) yield* everyFile(file, name);
    const stats = entry.isFile() ? await ifPresent(() => stat(file)) : undefined;
    if (stats !== undefined)
      yield { name, sizeBytes: stats.size, read: (range) => readPieces(file, name, range) };
  }
}
