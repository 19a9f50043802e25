import { rm } from 'node:fs/promises';
import type { BronzeKeeper } from '../../etl/personal/adopting/bronze-keeper.ts';
import { removeFile } from './durable-file.ts';
import { guarded, ifPresent } from './file-errors.ts';
import type { Lake } from './lake.ts';
import { lakeFolder } from './lake-folder.ts';
import { placeSealed } from './place-sealed.ts';

/** What places sealed files in a lake's folder, and removes what they were made of, with all that is kept of it. */
export function bronzeKeeper({ root, data, effects }: Lake): BronzeKeeper {
  const folder = lakeFolder(root);
  return {
    place: (scratchPath, key, arrivedMs) => placeSealed(data, { scratchPath, key, arrivedMs }),
    async erase(_, keys) {
      for (const key of keys) {
        await effects.objects.remove(key);
        await guarded(`removing what is kept of ${key}`, async () => {
          await rm(folder.versionsPath(key), { recursive: true, force: true });
          await ifPresent(() => removeFile(folder.digestPath(key)));
        });
      }
    },
    // A folder keeps earlier versions of nothing that was removed, and of pointers and the like alone, which hold no values.
    eraseHistory: async () => undefined,
  };
}
