import { Buffer } from 'node:buffer';
import { ConfigError } from '../../../etl/errors.ts';
import { atMost, inFlight } from '../../../etl/in-flight.ts';
import { fromBase32, toBase32 } from '../../../etl/privacy/base32.ts';
import { newErasureId } from '../../../etl/privacy/erasure.ts';
import { referenceDigest } from '../../../etl/privacy/reference-digest.ts';
import type { MovedKey, VaultContents } from '../../local/vault/vault-contents.ts';
import { columnsOf } from './columns.ts';
import { addGroups, groupsOf } from './groups.ts';
import type { OpenVault } from './open-vault.ts';
import { periodsOf } from './periods.ts';
import { personBytes } from './person.ts';
import {
  COLUMN_IDS,
  COLUMNS,
  groupShard,
  PEPPER,
  type Place,
  periodPlace,
  personPlace,
  REFERENCES,
} from './places.ts';
import { findPeople, keyPlaces } from './subjects.ts';
import type { Item } from './vault-table.ts';

/** The numbers of shards, and the shards of people. */
const NUMBERS = Array.from({ length: 256 }, (_, n) => n);
const PEOPLE = NUMBERS.map((n) => personPlace(n.toString(16).padStart(2, '0')).shard);
/** Shards that are read at one time. */
const CALLS = 32;
/** Items sealed at one time. */
const AT_ONCE = 1000;

/** All that the vault holds, opened, less what was erased. It is in memory whole. */
export async function contentsOfVault(vault: OpenVault): Promise<VaultContents> {
  const [pepper, referenceSecret] = [await vault.pepper(), await vault.referenceSecret()];
  const [groups, erased] = [await groupsOf(vault), await vault.erased()];
  const indexes: string[] = [];
  for await (const items of inFlight(PEOPLE, atMost(CALLS), (shard) => allIn(vault, shard)))
    indexes.push(...items.map(({ name }) => name));
  const people = await findPeople(vault, indexes, { erased, secret: referenceSecret });
  const keys: MovedKey[] = [];
  for (const group of groups)
    for await (const some of inFlight(NUMBERS, atMost(CALLS), (n) => keysIn(vault, group, n)))
      keys.push(...some);
  const periods = await periodsOf(vault);
  const opened = await vault.items.read(periods.map(periodPlace));
  return {
    ...{ pepper, referenceSecret, groups, columns: await columnsOf(vault) },
    periods: periods.flatMap((period, n) => {
      const key = opened[n]?.bytes;
      return key === undefined ? [] : [{ period, key }];
    }),
    destroyed: (await vault.log.all()).flatMap(({ of }) => (of.kind === 'period' ? [of] : [])),
    people: people.map(({ index, reference, forgotten }) => ({
      index: Buffer.from(index, 'hex'),
      ...(reference === undefined ? {} : { reference: bytesOf(reference) }),
      ...(forgotten === undefined ? {} : { forgotten }),
    })),
    keys: keys.filter(({ reference }) => !erased.isGone(referenceDigest(referenceSecret, reference))),
  };
}

async function keysIn(vault: OpenVault, group: string, shard: number): Promise<MovedKey[]> {
  const items = await allIn(vault, groupShard(group, shard));
  return (await vault.items.openAll(items)).map(({ item, bytes }) => ({
    ...{ reference: bytesOf(item.name), group, key: bytes },
  }));
}

async function allIn({ table }: OpenVault, shard: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of table.all(shard)) items.push(item);
  return items;
}

/**
 * Fills a vault that nothing was made in yet. What died on the way is done again: only with the pepper, which is the last, are
 * there people. Throws ConfigError `VAULT_EXISTS` where it has one already.
 */
export async function fillVault(vault: OpenVault, contents: VaultContents): Promise<void> {
  const [found] = await vault.table.read([PEPPER]);
  if (found !== undefined) throw exists();
  const { pepper, referenceSecret, groups, columns, periods, destroyed, people, keys } = contents;
  await addGroups(vault, groups);
  await vault.table.write(
    [...columns].flatMap(([id, { dataset, column, group }]) => {
      const name = JSON.stringify([dataset, column, group]);
      return [
        { shard: COLUMNS, name, text: id },
        { shard: COLUMN_IDS, name: id, text: name },
      ];
    }),
  );
  for (const period of destroyed) await noteDestroyed(vault, period);
  await write(vault, [{ place: REFERENCES, bytes: referenceSecret }]);
  await write(
    vault,
    periods.map(({ period, key }) => ({ place: periodPlace(period), bytes: key })),
  );
  await write(
    vault,
    keys.flatMap(({ reference, group, key }) =>
      keyPlaces(referenceSecret, toBase32(reference), [group]).map((place) => ({ place, bytes: key })),
    ),
  );
  await write(
    vault,
    people.map(({ index, reference, forgotten }) => ({
      place: personPlace(Buffer.from(index).toString('hex')),
      bytes: personBytes({
        ...(reference === undefined ? {} : { reference: toBase32(reference) }),
        ...(forgotten === undefined ? {} : { forgotten }),
      }),
    })),
  );
  const [item] = await vault.items.sealAll([{ place: PEPPER, bytes: pepper }]);
  const [isFirst] = item === undefined ? [] : await vault.table.swap([{ item, before: undefined }]);
  if (isFirst !== true) throw exists();
}

/** That the key of a period is gone is known here by the log. */
async function noteDestroyed(
  { log, clock }: OpenVault,
  { dataset, group, period }: VaultContents['destroyed'][number],
): Promise<void> {
  const now = clock.now();
  await log.add({
    ...{ format: 1, id: newErasureId(now), at: now.toISOString(), by: 'assay vault import' },
    reason: 'destroyed before the vault was moved here',
    of: { kind: 'period', dataset, group, period },
  });
}

async function write(
  { items, table }: OpenVault,
  things: readonly { readonly place: Place; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (let n = 0; n < things.length; n += AT_ONCE)
    await table.write(await items.sealAll(things.slice(n, n + AT_ONCE)));
}

const bytesOf = (reference: string): Buffer => Buffer.from(fromBase32(reference) ?? new Uint8Array());

const exists = (): ConfigError =>
  new ConfigError(
    'VAULT_EXISTS',
    'People have keys in the vault of this platform already, and two vaults can’t become one: import into a platform that has protected nothing yet.',
  );
