import type { VaultMover, VaultOnAws } from '../adapters/aws/vault/vault-on-aws.ts';
import { openVault, type VaultPlace } from '../adapters/local/vault/folder-vault.ts';
import { vaultKeyFile, vaultPlace } from '../adapters/local/vault/vault-place.ts';
import { vaultOf as vaultOfLake } from '../etl/personal/vault-of.ts';
import type { Effects } from '../etl/ports.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { shownPath } from './locations.ts';
import { type CommandLake, openLakeOf, vaultSettings } from './open-lake.ts';

/** The vault that a command line means, where it is a folder. */
export interface FolderVault {
  readonly lake: CommandLake;
  readonly place: VaultPlace;
  /** The file that has its key; undefined where that is in $ASSAY_VAULT_KEY. */
  readonly keyFile: string | undefined;
}

/** The vault that a command line means, in a folder or on AWS. */
export interface CommandVault {
  readonly vault: NonNullable<Effects['vault']>;
  readonly clock: Effects['clock'];
  /** Its folder, or its table of DynamoDB. */
  readonly name: string;
  /** What opens it: a file, a variable, KMS. */
  readonly key: string;
  /** Both as people write them from here. */
  readonly shown: { readonly name: string; readonly key: string };
  /** The file that has its key; undefined where that is elsewhere. */
  readonly keyFile: string | undefined;
}

/** The folder of the vault of the lake that a command line means: beside it, or as $ASSAY_VAULT and its relatives say. */
export const folderVaultOf = async (args: Args, io: Io): Promise<FolderVault> =>
  folderOf(await openLakeOf(args, io), io);

/** The vault of the lake that a command line means. Throws ConfigError `NO_VAULT` where there is none. */
export async function vaultOf(args: Args, io: Io): Promise<CommandVault> {
  const lake = await openLakeOf(args, io);
  const { clock } = lake.effects;
  if (lake.athena !== undefined) {
    const [name, key] = [lake.vaultOnAws?.table ?? '', 'KMS'];
    return { vault: vaultOfLake(lake.effects), clock, name, key, shown: { name, key }, keyFile: undefined };
  }
  const { place, keyFile } = folderOf(lake, io);
  const key = keyFile ?? '$ASSAY_VAULT_KEY';
  const shown = {
    name: shownPath(place.folder, io),
    key: keyFile === undefined ? key : shownPath(keyFile, io),
  };
  return { vault: openVault(place), clock, name: place.folder, key, shown, keyFile };
}

/** What moves the vault on AWS of a lake. Throws ConfigError `NO_VAULT` where its stack has none. */
export async function awsVaultOf({ vaultOnAws, effects }: CommandLake): Promise<VaultMover> {
  const { vaultMover } = await import('../adapters/aws/vault/vault-on-aws.ts');
  vaultOfLake(effects);
  return vaultMover(vaultOnAws as VaultOnAws, effects);
}

/** The folder of a lake's vault. */
export function folderOf(lake: CommandLake, io: Io): FolderVault {
  const settings = vaultSettings(io);
  return {
    lake,
    place: vaultPlace(lake.root, lake.effects, settings),
    keyFile: settings.key === undefined ? vaultKeyFile(lake.root, settings.keyFile) : undefined,
  };
}

/** Why no vault of this kind is on AWS. */
export const ON_AWS = 'the vault of a platform on AWS is made and kept by it.';
