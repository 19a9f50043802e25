import path from 'node:path';
import { exportContents, exportVault } from '../../adapters/local/vault/export-vault.ts';
import { type RootKeys, rootKeyFile } from '../../adapters/local/vault/root-keys.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { usageError } from '../usage-error.ts';
import { awsVaultOf, folderOf } from '../vault-of.ts';

/** `assay vault export`: a copy of the vault for somebody with another key. */
export const vaultExport: Command = {
  name: 'vault export',
  usage: 'FILE --for-key-file KEYFILE [--lake DIR]',
  description: `Writes the vault into a new file, sealed for the key in KEYFILE, which is the receiver's: a file with 64 hex digits, as
'assay vault init' makes one. Nothing of people that were forgotten, or of periods whose time is over, is in it. With the
vault the same source file becomes the same envelopes there, and what was protected here opens there.
A forgetting here later is none there: whoever receives a vault must be told, and forget as well.`,
  options: {
    'for-key-file': { type: 'string', value: 'KEYFILE', help: "the file that has the receiver's key" },
  },
  examples: ['assay vault export vault.avex --for-key-file receiver.key'],
  positionals: { min: 1, max: 1, name: 'FILE' },
  async run(args, io) {
    const keyFile = args.text('for-key-file');
    if (keyFile === undefined)
      throw usageError("--for-key-file is missing: name the file that has the receiver's key.");
    const file = path.resolve(io.cwd, args.positionals[0] ?? '');
    const receiver = rootKeyFile(path.resolve(io.cwd, keyFile));
    const lake = await openLakeOf(args, io);
    const vault = await exportFrom(lake, file, { receiver, io });
    if (args.has('json')) io.out(JSON.stringify({ vault, file }, null, 2));
    else io.out(`Wrote ${shownPath(file, io)}, which only the key in ${keyFile} opens.`);
    return EXIT.ok;
  },
};

/** Writes the vault of a lake into a file; returns where the vault is. */
async function exportFrom(
  lake: CommandLake,
  file: string,
  { receiver, io }: { readonly receiver: RootKeys; readonly io: Io },
): Promise<string> {
  if (lake.athena === undefined) {
    const { place } = folderOf(lake, io);
    await exportVault(place, file, receiver);
    return place.folder;
  }
  const { contents } = await awsVaultOf(lake);
  await exportContents(await contents(), file, { receiver, now: lake.effects.clock.now() });
  return lake.vaultOnAws?.table ?? '';
}
