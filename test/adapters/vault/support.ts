import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { VaultPlace } from '../../../adapters/local/vault/folder-vault.ts';
import { type RootKeys, rootKeysOf } from '../../../adapters/local/vault/root-keys.ts';
import type { Erasure, ErasureLog } from '../../../etl/privacy/erasure.ts';

/** A log of erasures in memory: what outlives every copy of a vault. */
export function memoryLog(): ErasureLog & { readonly entries: Erasure[] } {
  const entries: Erasure[] = [];
  return {
    entries,
    add: async (erasure) => void entries.push(erasure),
    all: async () => [...entries],
  };
}

/** A clock that is set by hand. */
export function handClock(at = '2026-11-29T10:00:00Z'): { now(): Date; set(at: string): void } {
  let now = new Date(at);
  return {
    now: () => now,
    set(text) {
      now = new Date(text);
    },
  };
}

export const newRoot = (): RootKeys => rootKeysOf(randomBytes(32).toString('hex'), '$ASSAY_VAULT_KEY');

/** A place for a vault, as far as it isn't said. */
export const placeOf = (place: Partial<VaultPlace> & { readonly folder: string }): VaultPlace => ({
  root: newRoot(),
  log: memoryLog(),
  clock: handClock(),
  ...place,
});

/** Every file below a folder, with its bytes. */
export async function filesBelow(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(folder, file), await readFile(file));
  }
  return files;
}
