import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { sealBytes } from '../../../etl/privacy/sealed-bytes.ts';
import { guarded } from '../file-errors.ts';
import { bookBytes } from './book.ts';
import { currentShard } from './current-shard.ts';
import { EXPORT_HEAD, framed, KEY_NAME, SEALED_BY_KEY } from './exported.ts';
import type { VaultPlace } from './folder-vault.ts';
import { look } from './open-vault.ts';
import { type RootKeys, requireKeys } from './root-keys.ts';
import { filesOf, type VaultContents } from './vault-contents.ts';
import { vaultFiles } from './vault-files.ts';

/**
 * Writes a vault into one new file, sealed for whoever has another root key; of what was erased nothing is in it. The file
 * is durable before this returns.
 */
export async function exportVault(place: VaultPlace, file: string, receiver: RootKeys): Promise<void> {
  const files = vaultFiles(place.folder, place.root);
  const { shards, book } = await look({ ...place, files });
  async function* current(): AsyncGenerator<readonly [string, Uint8Array]> {
    for (const name of (await files.names()).filter((one) => one !== 'book'))
      yield [name, await currentShard(shards, name, place.clock.now())];
    yield ['book', bookBytes(book)];
  }
  await writeExport(file, receiver, current());
}

/** Writes what a vault of another kind holds into such a file, as it is at a moment. */
export async function exportContents(
  contents: VaultContents,
  file: string,
  { receiver, now }: { readonly receiver: RootKeys; readonly now: Date },
): Promise<void> {
  await writeExport(file, receiver, filesOf(contents, now));
}

async function writeExport(
  file: string,
  receiver: RootKeys,
  files: AsyncIterable<readonly [string, Uint8Array]> | Iterable<readonly [string, Uint8Array]>,
): Promise<void> {
  const [receiverKey] = requireKeys(await receiver.read());
  const key = randomBytes(32);
  await guarded(`writing ${file}`, async () => {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(EXPORT_HEAD);
      await handle.writeFile(
        framed(KEY_NAME, sealBytes(receiverKey, { name: KEY_NAME, ...SEALED_BY_KEY }, key)),
      );
      for await (const [name, bytes] of files)
        await handle.writeFile(framed(name, sealBytes(key, { name, ...SEALED_BY_KEY }, bytes)));
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}
