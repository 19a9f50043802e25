import path from 'node:path';
import { importVault, readExported } from '../../adapters/local/vault/import-vault.ts';
import { rootKeyFile, rootKeysOf } from '../../adapters/local/vault/root-keys.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { nextCommand, shownPath } from '../locations.ts';
import { type CommandLake, openLakeOf, vaultSettings } from '../open-lake.ts';
import { usageError } from '../usage-error.ts';
import { awsVaultOf, folderOf } from '../vault-of.ts';

/** `assay vault import`: makes a vault of an exported one. */
export const vaultImport: Command = {
  name: 'vault import',
  usage: 'FILE [--lake DIR]',
  description: `Makes the vault of a lake out of one that was exported for its key ('assay vault export'). The key is in the file
<lake>.vault.key, or $ASSAY_VAULT_KEY_FILE, or in $ASSAY_VAULT_KEY. Where a vault is there already, nothing is changed.
With --target aws it fills the platform's vault, as long as that has keys of nobody; the key is only read by this command.`,
  options: {},
  examples: ['assay vault import vault.avex', 'assay vault import vault.avex --lake /data/lake'],
  positionals: { min: 1, max: 1, name: 'FILE' },
  async run(args, io) {
    const file = path.resolve(io.cwd, args.positionals[0] ?? '');
    const lake = await openLakeOf(args, io, { changes: true });
    const vault = await importInto(lake, file, io);
    if (args.has('json')) io.out(JSON.stringify({ vault, file }, null, 2));
    else {
      const shown = lake.athena === undefined ? shownPath(vault, io) : vault;
      io.out(`Made ${shown} the vault of this lake, out of ${shownPath(file, io)}.`);
      io.out(`Next: ${nextCommand(args, io, 'vault status')}`);
    }
    return EXIT.ok;
  },
};

/** Makes the vault of a lake of one in a file; returns where the vault is. */
async function importInto(lake: CommandLake, file: string, io: Io): Promise<string> {
  if (lake.athena === undefined) {
    const { place } = folderOf(lake, io);
    await importVault(place, file);
    return place.folder;
  }
  const { key, keyFile } = vaultSettings(io);
  if (key === undefined && keyFile === undefined)
    throw usageError(
      'Name the key that the vault was exported for: $ASSAY_VAULT_KEY_FILE, a file with 64 hex digits, or $ASSAY_VAULT_KEY.',
    );
  const { fill } = await awsVaultOf(lake);
  await fill(
    await readExported(
      file,
      key === undefined ? rootKeyFile(keyFile ?? '') : rootKeysOf(key, '$ASSAY_VAULT_KEY'),
    ),
  );
  return lake.vaultOnAws?.table ?? '';
}
