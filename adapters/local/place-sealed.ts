import { ConflictError } from '../../etl/errors.ts';
import type { FileDataStore } from './data-store.ts';

/** Copies a sealed file to its key; where another process sealed it first, whether it is equal is proven next. */
export async function placeSealed(
  data: Pick<FileDataStore, 'addFile'>,
  file: { readonly scratchPath: string; readonly key: string; readonly arrivedMs: number },
): Promise<void> {
  const { scratchPath, key, arrivedMs } = file;
  try {
    await data.addFile(scratchPath, key, { arrivedMs });
  } catch (error) {
    if (!(error instanceof ConflictError) || error.code !== 'NAME_TAKEN') throw error;
  }
}
