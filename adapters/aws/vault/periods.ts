import { randomBytes } from 'node:crypto';
import type { VaultPeriod } from '../../../etl/privacy/vault.ts';
import { addGroups, groupsOf } from './groups.ts';
import type { OpenVault } from './open-vault.ts';
import { periodAt, periodPlace, periodsShard } from './places.ts';

/** Keys of periods, in order; undefined where one was destroyed or, unless it is to be made, was never there. */
export async function keysOfPeriods(
  vault: OpenVault,
  asked: readonly VaultPeriod[],
  absent: 'make' | 'leave',
): Promise<readonly (Uint8Array | undefined)[]> {
  if (absent === 'make') await addGroups(vault, new Set(asked.map(({ group }) => group)));
  const erased = await vault.erased();
  for (;;) {
    const found = await vault.items.read(asked.map(periodPlace));
    const missing = asked.filter((one, n) => found[n] === undefined && !erased.isDestroyed(one));
    if (missing.length === 0 || absent === 'leave')
      return asked.map((one, n) => (erased.isDestroyed(one) ? undefined : found[n]?.bytes));
    const once = [...new Map(missing.map((one) => [JSON.stringify(periodPlace(one)), one])).values()];
    const items = await vault.items.sealAll(
      once.map((one) => ({ place: periodPlace(one), bytes: randomBytes(32) })),
    );
    await vault.table.swap(items.map((item) => ({ item, before: undefined })));
  }
}

/** Every period that has a key. */
export async function periodsOf(vault: OpenVault): Promise<readonly VaultPeriod[]> {
  const erased = await vault.erased();
  const periods: VaultPeriod[] = [];
  for (const group of await groupsOf(vault))
    for await (const place of vault.table.all(periodsShard(group))) {
      const period = periodAt(place);
      if (period !== undefined && !erased.isDestroyed(period)) periods.push(period);
    }
  return periods;
}
