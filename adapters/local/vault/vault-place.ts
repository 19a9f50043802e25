import path from 'node:path';
import type { Effects } from '../../../etl/ports.ts';
import { lakeErasureLog } from '../../../etl/privacy/erasure-log.ts';
import type { VaultPlace } from './folder-vault.ts';
import { rootKeyFile, rootKeysOf } from './root-keys.ts';

/** Where a lake's vault is, and what opens it, where a person says so; else both are beside the lake. */
export interface VaultSettings {
  readonly folder?: string;
  /** The key itself, as 64 hex digits. */
  readonly key?: string;
  /** The file that has the key; of no meaning where the key itself is given. */
  readonly keyFile?: string;
}

/** The vault of a lake: `<lake>.vault`, and its key in `<lake>.vault.key`, unless said. */
export function vaultPlace(
  lakeRoot: string,
  { objects, clock }: Pick<Effects, 'objects' | 'clock'>,
  { folder, key, keyFile }: VaultSettings = {},
): VaultPlace {
  return {
    folder: path.resolve(folder ?? `${lakeRoot}.vault`),
    root:
      key === undefined ? rootKeyFile(vaultKeyFile(lakeRoot, keyFile)) : rootKeysOf(key, '$ASSAY_VAULT_KEY'),
    log: lakeErasureLog(objects),
    clock,
  };
}

/** The file that has the key of a lake's vault. */
export const vaultKeyFile = (lakeRoot: string, keyFile?: string): string =>
  path.resolve(keyFile ?? `${lakeRoot}.vault.key`);
