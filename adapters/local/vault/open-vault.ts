import { ConfigError } from '../../../etl/errors.ts';
import type { Clock } from '../../../etl/ports.ts';
import type { ErasureLog } from '../../../etl/privacy/erasure.ts';
import { type Book, bookBytes } from './book.ts';
import type { RootKeys } from './root-keys.ts';
import { openShards, type Shards } from './shards.ts';
import type { DigestMaker } from './vault-digests.ts';
import type { VaultFiles } from './vault-files.ts';

/** What every part of the vault works with. */
export interface OpenVault {
  readonly files: VaultFiles;
  readonly log: ErasureLog;
  readonly clock: Clock;
  readonly root: RootKeys;
  readonly digests: DigestMaker;
}

/** The vault as it is now. */
export async function look({
  files,
  log,
}: Pick<OpenVault, 'files' | 'log'>): Promise<{ shards: Shards; book: Book }> {
  const shards = await openShards(files, log);
  const book = await shards.book();
  if (book !== undefined) return { shards, book };
  throw new ConfigError(
    'NO_VAULT',
    `There is no vault in ${files.folder}: name the folder of the one that this lake was protected with, or make one with \`assay vault init\`.`,
    { context: { folder: files.folder } },
  );
}

/** Changes the book where it must be changed, in a turn; `change` returns the same book where not. Returns the book. */
export async function changeBook(vault: OpenVault, change: (book: Book) => Book): Promise<Book> {
  const { book } = await look(vault);
  if (change(book) === book) return book;
  return await vault.files.inTurn(async () => {
    const { book: now } = await look(vault);
    const changed = change(now);
    if (changed !== now) await vault.files.write(new Map([['book', bookBytes(changed)]]));
    return changed;
  });
}
