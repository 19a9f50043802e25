import { rename } from 'node:fs/promises';
import path from 'node:path';
import { removeFile } from './durable-file.ts';
import type { LakeFolder } from './lake-folder.ts';
import type { VersionChain } from './versions.ts';

/**
 * Brings the file under a key's own name up to its newest version. Whoever renames last looks again
 * afterwards, so a process that stalled and then put an older version in place repairs it itself:
 * once all have returned, the file is the newest. One killed in between leaves it behind until the
 * next commit or read.
 */
export async function refreshCopy(lake: LakeFolder, chain: VersionChain, file: string): Promise<void> {
  for (;;) {
    const newest = await chain.newest();
    if (newest === 0) return;
    const version = await chain.read(newest);
    if (version?.kind === 'bytes') await placeCopy(lake, version.bytes, file);
    else await removeFile(file);
    if ((await chain.newest()) === newest) return;
  }
}

async function placeCopy(lake: LakeFolder, bytes: Uint8Array, file: string): Promise<void> {
  await lake.ensureFolder(path.dirname(file));
  const temp = await lake.writeTemp(bytes);
  try {
    await rename(temp, file);
  } finally {
    await removeFile(temp);
  }
}
