import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new empty folder and how to be rid of it, also while something that was told to end makes its last file there. */
export async function tempFolder(): Promise<{ folder: string; dispose(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-test-'));
  return { folder, dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 20 }) };
}
