import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { bookBytes } from './book.ts';
import { currentShard } from './current-shard.ts';
import { look, type OpenVault } from './open-vault.ts';

/** So many shards are in memory at one time. */
const AT_ONCE = 4;

/**
 * Seals every file under a new key, which a new root key seals where that can be kept, and destroys the keys before. A
 * process that dies on the way leaves a vault that works; the next time does all of it.
 */
export async function renewKey(vault: OpenVault): Promise<void> {
  const { files, root, clock } = vault;
  await files.inTurn(async () => {
    const older = await root.read();
    const newest = randomBytes(32);
    if (root.replace !== undefined) await root.replace([newest, ...older]);
    await files.addKey();
    const { shards, book } = await look(vault);
    const names = (await files.names()).filter((name) => name !== 'book');
    for (let n = 0; n < names.length; n += AT_ONCE) {
      const some = new Map<string, Buffer>();
      for (const name of names.slice(n, n + AT_ONCE))
        some.set(name, await currentShard(shards, name, clock.now()));
      await files.write(some);
    }
    await files.write(new Map([['book', bookBytes(book)]]));
    await files.dropOlderKeys();
    if (root.replace !== undefined) await root.replace([newest]);
    // Only now does an older copy open no more.
    await files.write(new Map([['book', bookBytes({ ...book, renewedAt: clock.now().toISOString() })]]));
  });
}
