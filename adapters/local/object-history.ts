import type { ObjectHistory } from '../../etl/ports.ts';
import { guarded } from './file-errors.ts';
import type { LakeFolder } from './lake-folder.ts';
import { versionChain } from './versions.ts';

/** Older versions than these help nobody. */
const MOST_VERSIONS = 50;

/** What the version chains of a lake have of an object; nothing of one that was never replaced conditionally. */
export function fileHistory(lake: LakeFolder): ObjectHistory {
  return (key) =>
    guarded(`reading the versions of ${key}`, async () => {
      const chain = versionChain(lake.versionsPath(key), lake);
      const bodies: Uint8Array[] = [];
      for (let version = await chain.newest(); version > 0 && bodies.length < MOST_VERSIONS; version--) {
        const found = await chain.read(version);
        if (found?.kind === 'bytes') bodies.push(found.bytes);
      }
      return bodies;
    });
}
