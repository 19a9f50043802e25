import { createVault, isVault } from '../../adapters/local/vault/folder-vault.ts';
import { createRootKeyFile } from '../../adapters/local/vault/root-keys.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand, shownPath } from '../locations.ts';
import { folderVaultOf, ON_AWS } from '../vault-of.ts';

/** `assay vault init`: makes the vault of a lake. */
export const vaultInit: Command = {
  name: 'vault init',
  usage: '[--lake DIR]',
  description: `Makes the vault of a lake, which keeps the keys of personal data. A vault that is there already stays as it is.
It is in the folder <lake>.vault, or $ASSAY_VAULT; its key is in the file <lake>.vault.key, or $ASSAY_VAULT_KEY_FILE, which
is made where it is missing, or in $ASSAY_VAULT_KEY. Keep the key apart from the vault, and a copy of it elsewhere: without it
nothing that was protected can be read again.`,
  options: {},
  examples: ['assay vault init', 'assay vault init --lake /data/lake'],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: ON_AWS,
  async run(args, io) {
    const { place, keyFile } = await folderVaultOf(args, io);
    // Another key would only hide that the vault's own is missing.
    const isThere = await isVault(place);
    const keyMade = !isThere && keyFile !== undefined && (await createRootKeyFile(keyFile));
    const created = await createVault(place);
    const key = keyFile ?? '$ASSAY_VAULT_KEY';
    if (args.has('json')) {
      io.out(JSON.stringify({ vault: place.folder, key, created, keyMade }, null, 2));
      return EXIT.ok;
    }
    const [folder, file] = [
      shownPath(place.folder, io),
      keyFile === undefined ? key : shownPath(keyFile, io),
    ];
    if (!created) io.out(`${folder} is a vault already; nothing changed.`);
    else {
      io.out(`Made ${folder} the vault of this lake. Its key is in ${file}${keyMade ? ', made now' : ''}.`);
      io.out(
        'Keep a copy of the key apart from the vault: without it nothing that was protected can be read again.',
      );
    }
    io.out(`Next: ${nextCommand(args, io, 'vault status')}`);
    return EXIT.ok;
  },
};
