import { z } from 'zod';
import { fromBase32 } from '../../../etl/privacy/base32.ts';
import type { Erasure } from '../../../etl/privacy/erasure.ts';
import { referenceDigest } from '../../../etl/privacy/reference-digest.ts';
import { groupsOf } from './groups.ts';
import type { OpenVault } from './open-vault.ts';
import {
  groupOfShard,
  groupShard,
  type Place,
  periodAt,
  periodsShard,
  personPlace,
  RENEWAL,
} from './places.ts';
import { KEPT_MS } from './shard-keys.ts';
import type { Item } from './vault-table.ts';

const RENEWED = z.object({
  /** All that was erased before is unreadable in backups, too. */
  renewedAt: z.iso.datetime(),
  /** A renewal under way: these shards have a new key since then. */
  begun: z.object({ at: z.iso.datetime(), shards: z.array(z.string()) }).optional(),
});
type Renewed = z.infer<typeof RENEWED>;

/** By then no process seals under a key that was the newest before: keys are kept in memory for ten minutes, calls take fifteen. */
const SETTLED_MS = 3 * KEPT_MS;
/** Items sealed anew at one time. */
const AT_ONCE = 500;

/** When the vault was last sealed anew; where that never happened, a time before anything was erased. */
export async function renewedAt(vault: OpenVault): Promise<Date> {
  return new Date((await renewalOf(vault)).state.renewedAt);
}

/**
 * Gives every shard from which something was erased a new key; half an hour later or more, called again, seals what the
 * shard holds under it and destroys the one before, without which backups of the table are unreadable. In between two calls
 * both keys are there: a process that knows only the older one loses nothing.
 */
export async function renewKey(vault: OpenVault): Promise<void> {
  const { state, item } = await renewalOf(vault);
  const now = vault.clock.now();
  if (state.begun !== undefined) {
    if (now.getTime() - Date.parse(state.begun.at) < SETTLED_MS) return;
    for (const shard of state.begun.shards) await sealAnew(vault, shard);
    await put(vault, item, { renewedAt: state.begun.at });
    return;
  }
  const erasures = (await vault.log.all()).filter(({ at }) => at >= state.renewedAt);
  if (erasures.length === 0) {
    await put(vault, item, { renewedAt: now.toISOString() });
    return;
  }
  const shards = [...new Set(shardsOf(erasures, await groupsOf(vault)))];
  for (const shard of shards) await vault.keys.add(shard);
  await put(vault, item, { ...state, begun: { at: now.toISOString(), shards } });
}

/**
 * Has a renewal that is under way, where there is one, cover what was just erased: it is ended half an hour from now at the
 * earliest.
 */
export async function joinRenewal(vault: OpenVault, erasures: readonly Erasure[]): Promise<void> {
  for (;;) {
    const { state, item } = await renewalOf(vault);
    if (state.begun === undefined || erasures.length === 0) return;
    const more = shardsOf(erasures, await groupsOf(vault));
    for (const shard of more) await vault.keys.add(shard);
    const shards = [...new Set([...state.begun.shards, ...more])];
    const at = vault.clock.now().toISOString();
    if (await put(vault, item, { ...state, begun: { at, shards } })) return;
  }
}

/** The shards that something was erased from. */
function shardsOf(erasures: readonly Erasure[], groups: readonly string[]): string[] {
  return erasures.flatMap(({ of }) =>
    of.kind === 'period'
      ? [periodsShard(of.group)]
      : [personPlace(of.index).shard, ...groups.map((group) => groupShard(group, of.reference.shard))],
  );
}

async function sealAnew(vault: OpenVault, shard: string): Promise<void> {
  const isErased = await erasedItems(vault);
  let batch: Item[] = [];
  const seal = async (): Promise<void> => {
    const [gone, kept] = [batch.filter(isErased), batch.filter((item) => !isErased(item))];
    batch = [];
    // A process may have died between the log of an erasure and the table.
    await vault.table.remove(gone);
    const items = await vault.items.sealAll(
      (await vault.items.openAll(kept)).map(({ item, bytes }) => ({ place: item, bytes })),
    );
    // What another process changed meanwhile is sealed under the newest key by it.
    await vault.table.swap(items.map((item, n) => ({ item, before: kept[n] })));
  };
  for await (const item of vault.table.all(shard)) {
    batch.push(item);
    if (batch.length === AT_ONCE) await seal();
  }
  await seal();
  await vault.keys.dropOlder(shard);
}

/** Tells keys that the log says were destroyed. */
async function erasedItems(vault: OpenVault): Promise<(place: Place) => boolean> {
  const secret = await vault.referenceSecret();
  const erased = await vault.erased();
  return (place) => {
    const period = periodAt(place);
    if (period !== undefined) return erased.isDestroyed(period);
    const reference = groupOfShard(place.shard) === undefined ? undefined : fromBase32(place.name);
    return reference !== undefined && erased.isGone(referenceDigest(secret, reference));
  };
}

async function renewalOf(vault: OpenVault): Promise<{ readonly state: Renewed; readonly item: Item }> {
  for (;;) {
    const [item] = await vault.table.read([RENEWAL]);
    if (item !== undefined) return { state: RENEWED.parse(JSON.parse(item.text ?? '')), item };
    const [first] = await vault.log.all();
    const at = first === undefined ? vault.clock.now().toISOString() : first.at;
    const text = JSON.stringify({ renewedAt: at } satisfies Renewed);
    await vault.table.swap([{ item: { ...RENEWAL, text }, before: undefined }]);
  }
}

/** Two that renew at once do the same; what one of them wrote stands. Returns whether this one did. */
async function put(vault: OpenVault, before: Item, state: Renewed): Promise<boolean> {
  const [isWritten = false] = await vault.table.swap([
    { item: { ...RENEWAL, text: JSON.stringify(state) }, before },
  ]);
  return isWritten;
}
