import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../../etl/errors.ts';
import { openBytes } from '../../../etl/privacy/sealed-bytes.ts';
import { guarded } from '../file-errors.ts';
import { KEY_NAME, unframed } from './exported.ts';
import type { VaultPlace } from './folder-vault.ts';
import type { RootKeys } from './root-keys.ts';
import { shardBytes } from './shard-bytes.ts';
import { contentsOf, type VaultContents } from './vault-contents.ts';
import { vaultFiles } from './vault-files.ts';

/**
 * Makes a vault of an exported one, which was sealed for this vault's root key. Throws ConfigError, and changes nothing,
 * where a vault is there already, or the file is damaged or for another key.
 */
export async function importVault({ folder, root, clock }: VaultPlace, file: string): Promise<void> {
  const files = vaultFiles(folder, root);
  const exported = await guarded(`reading ${file}`, () => readFile(file));
  const opened = openedFiles(exported, await root.read(), file);
  await files.inTurn(async () => {
    if ((await files.read('book')) !== undefined)
      throw new ConfigError(
        'VAULT_EXISTS',
        `There is a vault in ${folder} already, and two can't become one: name another folder ($ASSAY_VAULT), or move that vault away.`,
        { context: { folder } },
      );
    await files.addKey();
    // What an import left that came to no end.
    const older = (await files.names()).filter((name) => name !== 'book');
    const empty = shardBytes(Buffer.alloc(0), clock.now());
    const shards = new Map<string, Buffer>(older.map((name) => [name, empty]));
    for (const [name, bytes] of opened) if (name !== 'book') shards.set(name, bytes);
    await files.write(shards);
    // Only with the book is it a vault.
    await files.write(new Map([...opened].filter(([name]) => name === 'book')));
  });
}

const NAME = /^(book|(people|keys)\/[0-9a-f])$/;

/** What is in an exported vault, which was sealed for one of some keys. Throws ConfigError as importing does. */
export async function readExported(file: string, root: Pick<RootKeys, 'read'>): Promise<VaultContents> {
  const exported = await guarded(`reading ${file}`, () => readFile(file));
  return contentsOf(openedFiles(exported, await root.read(), file));
}

/** The files of an exported vault, opened. */
function openedFiles(
  exported: Buffer,
  keys: readonly Uint8Array[],
  file: string,
): ReadonlyMap<string, Buffer> {
  const [first, ...rest] = unframed(exported) ?? [];
  if (first?.[0] !== KEY_NAME) throw damaged(file);
  const key = keys.flatMap((one) => openBytes(one, KEY_NAME, first[1]) ?? [])[0];
  if (key === undefined)
    throw new ConfigError(
      'VAULT_KEY_WRONG',
      `${file} was exported for another key than this vault's: have it exported for that (--for-key-file), or give that key here.`,
      { context: { file } },
    );
  const opened = new Map<string, Buffer>();
  for (const [name, sealed] of rest) {
    const bytes = NAME.test(name) ? openBytes(key, name, sealed) : undefined;
    if (bytes === undefined || opened.has(name)) throw damaged(file);
    opened.set(name, bytes);
  }
  return opened;
}

const damaged = (file: string): ConfigError =>
  new ConfigError(
    'VAULT_DAMAGED',
    `${file} is no exported vault, or it was damaged: have it exported again.`,
    {
      context: { file },
    },
  );
