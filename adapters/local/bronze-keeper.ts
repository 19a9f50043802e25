import { rm } from 'node:fs/promises';
import { ConflictError } from '../../etl/errors.ts';
import type { BronzeKeeper } from '../../etl/personal/adopting/seal-file.ts';
import { removeFile } from './durable-file.ts';
import { guarded, ifPresent } from './file-errors.ts';
import type { Lake } from './lake.ts';
import { lakeFolder } from './lake-folder.ts';

/** What places sealed files in a lake's folder, and removes what they were made of, with all that is kept of it. */
export function bronzeKeeper({ root, data, effects }: Lake): BronzeKeeper {
  const folder = lakeFolder(root);
  return {
    async place(scratchPath, key, arrivedMs) {
      try {
        await data.addFile(scratchPath, key, { arrivedMs });
      } catch (error) {
        // Another process sealed it first: whether it is equal is proven next.
        if (!(error instanceof ConflictError) || error.code !== 'NAME_TAKEN') throw error;
      }
    },
    async erase(key) {
      await effects.objects.remove(key);
      await guarded(`removing what is kept of ${key}`, async () => {
        await rm(folder.versionsPath(key), { recursive: true, force: true });
        await ifPresent(() => removeFile(folder.digestPath(key)));
      });
    },
  };
}
