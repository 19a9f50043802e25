import type { SourceContract } from '../../contract/contract.ts';
import type { Opened } from '../../csv/opened.ts';
import { DataError } from '../../errors.ts';
import type { Effects } from '../../ports.ts';
import type { FileRecord } from '../../privacy/file-records.ts';
import { planProtection } from '../../privacy/plan-protection.ts';
import { protectionOf } from '../../privacy/protection.ts';
import { Sodium } from '../../privacy/sodium.ts';
import type { Vault } from '../../privacy/vault.ts';
import { inDialect } from '../../stages/dialects.ts';
import { proveEqual } from './prove-equal.ts';
import { openSource } from './seal-file.ts';
import { namesOf } from './twin-records.ts';

/** A retry in the clear, and the one that was sealed of it. */
export interface TwoRetries {
  readonly clear: string;
  readonly sealed: string;
  /** Digest of the contract under which the clear one was written. */
  readonly digest: string | undefined;
}

/** What a retry is proven with. */
export interface RetryProof {
  readonly effects: Effects;
  readonly vault: Vault;
  /** Under which the sealed one was written. */
  readonly contract: SourceContract;
}

/**
 * Proves a sealed retry equal to the clear one, cell by cell, as `proveEqual` does with source files: columns may stand in
 * other places, since it was written by another version of the contract. Returns how many records they have.
 */
export async function proveRetry(
  keys: TwoRetries,
  { effects, vault, contract }: RetryProof,
): Promise<number> {
  const reading = await inDialect(effects.objects, contract, keys.digest);
  const [clear, sealed] = [
    await openSource({ key: keys.clear }, effects, reading),
    await openSource({ key: keys.sealed }, effects, contract),
  ];
  const sodium = await Sodium.open();
  try {
    if (clear.opened.kind !== 'open' || sealed.opened.kind !== 'open')
      throw new DataError('NOT_READABLE', `${keys.clear} can't be read any more; 'assay audit' says more.`);
    const { plan } = planProtection(reading, protectionOf(reading), clear.opened.layout);
    const { records } = await proveEqual({
      ...{ name: keys.clear, clear: clear.opened, sealed: sealed.opened, plan, vault, sodium },
      now: effects.clock.now(),
      aligned: alignment(clear.opened, sealed.opened, { reading, contract }),
    });
    return records;
  } finally {
    sodium.dispose();
    for (const { opened, scratch } of [clear, sealed]) {
      if (opened.kind === 'open') await opened.window.close();
      await scratch.dispose();
    }
  }
}

/** What puts the cells of a sealed retry's records where the clear one has the same column; where it has none, nothing stands. */
function alignment(
  clear: Opened,
  sealed: Opened,
  { reading, contract }: { readonly reading: SourceContract; readonly contract: SourceContract },
): (record: FileRecord) => FileRecord {
  const fieldOf = new Map(namesOf(sealed.layout, contract).map(([field, name]) => [name, field]));
  const places = namesOf(clear.layout, reading).map(([place, name]) => [place, fieldOf.get(name)] as const);
  return (record) => {
    const cells = Array.from({ length: clear.layout.fields }, () => '');
    for (const [place, field] of places) if (field !== undefined) cells[place] = record.cells[field] ?? '';
    return { ...record, cells };
  };
}
