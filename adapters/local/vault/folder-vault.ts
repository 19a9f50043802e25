import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../etl/ports.ts';
import { fromBase32, toBase32 } from '../../../etl/privacy/base32.ts';
import type { ErasureLog } from '../../../etl/privacy/erasure.ts';
import { fileNames } from '../../../etl/privacy/file-names.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import type {
  FoundSubject,
  NamedSubject,
  ProtectedColumn,
  SubjectKeyName,
  Vault,
  VaultPeriod,
  VaultUpkeep,
} from '../../../etl/privacy/vault.ts';
import { ifPresent } from '../file-errors.ts';
import { type Book, bookBytes, columnId, keyOf, newBook, newKey, periodKey, withPeriods } from './book.ts';
import { eraser } from './erase.ts';
import { findSubjects } from './find-subjects.ts';
import { makeSubjects } from './make-subjects.ts';
import { changeBook, look, type OpenVault } from './open-vault.ts';
import { renewKey } from './renew-key.ts';
import type { RootKeys } from './root-keys.ts';
import { type Search, soughtSubjects, soughtWhere } from './sought.ts';
import { DigestMaker } from './vault-digests.ts';
import { vaultFiles } from './vault-files.ts';

/** Where a vault is, what opens it, and what it must not serve. */
export interface VaultPlace {
  readonly folder: string;
  readonly root: RootKeys;
  readonly log: ErasureLog;
  readonly clock: Clock;
}

/** Makes a vault in a folder; leaves one that is there as it is. Returns whether it was made now. */
export async function createVault({ folder, root, clock }: VaultPlace): Promise<boolean> {
  const files = vaultFiles(folder, root);
  await root.read();
  return await files.inTurn(async () => {
    if ((await files.read('book')) !== undefined) return false;
    await files.addKey();
    await files.write(new Map([['book', bookBytes(newBook(clock.now()))]]));
    return true;
  });
}

/** Whether there is a vault in a folder, whatever opens it. */
export const isVault = async ({ folder }: Pick<VaultPlace, 'folder'>): Promise<boolean> =>
  (await ifPresent(() => stat(path.join(folder, 'book')))) !== undefined;

/**
 * The vault in a folder. Nothing is kept longer than the files stay as they are, but what callers keep themselves. Every
 * call throws ConfigError where there is no vault, or its key is missing or another.
 */
export function openVault({ folder, root, log, clock }: VaultPlace): Vault & VaultUpkeep {
  const digests = new DigestMaker();
  const vault: OpenVault = { files: vaultFiles(folder, root), log, clock, root, digests };
  return {
    subjects: (asked, groups) => subjects(vault, asked, groups),
    subjectKeys: (asked) => subjectKeys(vault, asked),
    periodKeys: (asked, absent) => periodKeys(vault, asked, absent),
    columnIds: (columns) => columnIds(vault, columns),
    fileNames: async (dataset, digests) =>
      fileNames(keyOf((await look(vault)).book.referenceSecret), dataset, digests),
    columns: async () => new Map(Object.entries((await look(vault)).book.columns)),
    ...eraser(vault),
    renewKey: () => renewKey(vault),
    ...(root.replace === undefined ? { keepsRoot: true } : {}),
    renewedAt: async () => new Date((await look(vault)).book.renewedAt),
  };
}

async function subjects(
  vault: OpenVault,
  asked: readonly NamedSubject[],
  groups: readonly string[],
): Promise<readonly FoundSubject[]> {
  const book = await changeBook(vault, (one) => withGroups(one, groups));
  const digests = await vault.digests.of(book);
  const sought = soughtSubjects(asked, digests);
  const search: Search = {
    groups: groups.map((group) => book.groups.indexOf(group)),
    shardOf: digests.shardOf,
    nowMs: vault.clock.now().getTime(),
  };
  const found = await findSubjects((await look(vault)).shards, sought, search);
  const missing = soughtWhere(sought, (n) => found[n] === undefined);
  if (missing.named.length === 0) return found as readonly FoundSubject[];
  const made = await vault.files.inTurn(async () =>
    makeSubjects(vault.files, (await look(vault)).shards, { sought: missing, search }),
  );
  const rest = made.values();
  return found.map((one) => one ?? (rest.next().value as FoundSubject));
}

async function subjectKeys(
  vault: OpenVault,
  asked: readonly SubjectKeyName[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const { shards, book } = await look(vault);
  const digests = await vault.digests.of(book);
  const keys: (Uint8Array | undefined)[] = asked.map(() => undefined);
  const places = asked.flatMap(({ reference, group }, n) => {
    const bytes = fromBase32(reference);
    const number = book.groups.indexOf(group);
    return bytes === undefined || bytes.length !== 16 || number < 0 ? [] : [{ n, bytes, number }];
  });
  for (const [shard, ofShard] of grouped(places, ({ bytes }) => digests.shardOf(bytes))) {
    const ofAll = await shards.keys(shard);
    for (const { n, bytes, number } of ofShard) keys[n] = ofAll.keyOf(bytes, number);
  }
  return keys;
}

async function periodKeys(
  vault: OpenVault,
  asked: readonly VaultPeriod[],
  absent: 'make' | 'leave',
): Promise<readonly (Uint8Array | undefined)[]> {
  const withMissing = (book: Book): Book => {
    const missing = absent === 'make' ? asked.filter((one) => periodKey(book, one) === undefined) : [];
    const once = new Map(missing.map((one) => [JSON.stringify([one.dataset, one.group, one.period]), one]));
    if (once.size === 0) return book;
    return withPeriods(
      book,
      [...once.values()].map((one) => ({ ...one, key: newKey() })),
    );
  };
  const book = await changeBook(vault, withMissing);
  return asked.map((one) => {
    const key = periodKey(book, one);
    return key === undefined || key === null ? undefined : keyOf(key);
  });
}

async function columnIds(vault: OpenVault, columns: readonly ProtectedColumn[]): Promise<readonly string[]> {
  const book = await changeBook(vault, (one) => columns.reduce(withColumn, one));
  return columns.map((column) => columnId(book, column) ?? '');
}

/** The book with an id for the column. */
function withColumn(book: Book, { dataset, column, group }: ProtectedColumn): Book {
  if (columnId(book, { dataset, column, group }) !== undefined) return book;
  const id = toBase32(randomBytes(5));
  // Forty bits: two columns of one vault have the same one day in a thousand million.
  if (Object.hasOwn(book.columns, id)) return withColumn(book, { dataset, column, group });
  return { ...book, columns: { ...book.columns, [id]: { dataset, column, group } } };
}

function withGroups(book: Book, groups: readonly string[]): Book {
  const missing = [...new Set(groups)].filter((group) => !book.groups.includes(group));
  return missing.length === 0 ? book : { ...book, groups: [...book.groups, ...missing] };
}
