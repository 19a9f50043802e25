import type { Buffer } from 'node:buffer';
import { ConfigError } from '../../../etl/errors.ts';
import { atMost, inFlight } from '../../../etl/in-flight.ts';
import { generationOf, openBytes, sealBytes } from '../../../etl/privacy/sealed-bytes.ts';
import type { Place } from './places.ts';
import type { ShardKeys } from './shard-keys.ts';
import type { Item, VaultTable } from './vault-table.ts';

/** What stood at a place, opened, and as it was read. */
export interface Opened {
  readonly bytes: Buffer;
  readonly item: Item;
}

/** The vault's table, with what is in it sealed and opened. */
export interface SealedItems {
  /** What stands at each place, in order; undefined where there is nothing. */
  read(places: readonly Place[]): Promise<readonly (Opened | undefined)[]>;
  /** Items with bytes sealed under the newest keys of their shards, in order. */
  sealAll(things: readonly { readonly place: Place; readonly bytes: Uint8Array }[]): Promise<readonly Item[]>;
  /** Items opened, in order. */
  openAll(items: readonly Item[]): Promise<readonly Opened[]>;
}

/** Shards whose keys are asked for at one time; nearly all of them are in memory. */
const AT_ONCE = 32;

/** The items of a table, sealed under the keys of their shards. */
export function sealedItems(table: VaultTable, keys: ShardKeys): SealedItems {
  async function open(item: Item): Promise<Opened> {
    const { shard, name, sealed = new Uint8Array() } = item;
    const generation = generationOf(sealed);
    const key = generation === undefined ? undefined : await keys.of(shard, generation);
    const bytes = key === undefined ? undefined : openBytes(key, `${shard}/${name}`, sealed);
    if (bytes === undefined)
      throw new ConfigError(
        'VAULT_UNREADABLE',
        `An item of the vault's shard ${shard} does not open: its key was destroyed, as in a backup from before the vault was sealed anew, or the item was changed. Restore the newest backup of the vault's table.`,
        { context: { shard } },
      );
    return { bytes, item };
  }
  async function seal({ place, bytes }: { place: Place; bytes: Uint8Array }): Promise<Item> {
    const { shard, name } = place;
    const { generation, key } = await keys.newest(shard);
    return { shard, name, sealed: sealBytes(key, { name: `${shard}/${name}`, generation }, bytes) };
  }
  return {
    async read(places) {
      const items = await table.read(places);
      return await allOf(items, async (item) => (item === undefined ? undefined : await open(item)));
    },
    sealAll: (things) => allOf(things, seal),
    openAll: (items) => allOf(items, open),
  };
}

async function allOf<T, R>(things: readonly T[], work: (thing: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for await (const one of inFlight(things, atMost(AT_ONCE), work)) done.push(one);
  return done;
}
