import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { Clock } from '../../../etl/ports.ts';
import { type Erased, erasedIn } from '../../../etl/privacy/erased.ts';
import type { ErasureLog } from '../../../etl/privacy/erasure.ts';
import { PEPPER, type Place, REFERENCES, wrappingGroupOf } from './places.ts';
import { type SealedItems, sealedItems } from './sealed-items.ts';
import { KEPT_MS, type ShardKeys, shardKeys } from './shard-keys.ts';
import { type VaultTable, vaultTable } from './vault-table.ts';

/** Where the vault on AWS is, and what it must not serve. */
export interface DynamoVaultPlace {
  readonly dynamo: DynamoDBClient;
  readonly kms: KMSClient;
  /** Subjects, periods and columns. */
  readonly table: string;
  /** The keys of its shards, wrapped: a table without backups. */
  readonly keysTable: string;
  /** The key of KMS, by id or alias, that a data group's keys are wrapped under; the vault's own where none is said. */
  readonly wrappingKeyOf: (group: string | undefined) => string;
  readonly log: ErasureLog;
  readonly clock: Clock;
}

/** What every part of the vault works with. */
export interface OpenVault {
  readonly table: VaultTable;
  readonly keys: ShardKeys;
  readonly items: SealedItems;
  readonly log: ErasureLog;
  readonly clock: Clock;
  /** Keys the indexes of subjects. */
  pepper(): Promise<Uint8Array>;
  /** Keys the digests and shards of references. */
  referenceSecret(): Promise<Uint8Array>;
  erased(): Promise<Erased>;
}

/** The parts of a vault. Nothing is asked of AWS yet. */
export function openParts({ dynamo, kms, clock, log, ...place }: DynamoVaultPlace): OpenVault {
  const table = vaultTable(dynamo, place.table);
  const keys = shardKeys({
    ...{ dynamo, kms, clock, table: place.keysTable },
    wrappingKeyOf: (shard) => place.wrappingKeyOf(wrappingGroupOf(shard)),
  });
  const items = sealedItems(table, keys);
  return {
    ...{ table, keys, items, log, clock },
    pepper: kept(() => secretAt({ table, items }, PEPPER), clock),
    referenceSecret: kept(() => secretAt({ table, items }, REFERENCES), clock),
    erased: async () => erasedIn(await log.all()),
  };
}

/** What is got stays in memory as long as the keys of shards; what fails is asked for again. */
function kept<T>(get: () => Promise<T>, clock: Clock): () => Promise<T> {
  let last: { readonly gotMs: number; readonly value: Promise<T> } | undefined;
  return () => {
    const nowMs = clock.now().getTime();
    if (last !== undefined && nowMs - last.gotMs < KEPT_MS) return last.value;
    const fresh = { gotMs: nowMs, value: get() };
    last = fresh;
    fresh.value.catch(() => {
      if (last === fresh) last = undefined;
    });
    return fresh.value;
  };
}

/** A secret of the vault: 32 random bytes, made when it is first asked for. */
async function secretAt(
  { table, items }: Pick<OpenVault, 'table' | 'items'>,
  place: Place,
): Promise<Uint8Array> {
  for (;;) {
    const [found] = await items.read([place]);
    if (found !== undefined) return found.bytes;
    const [item] = await items.sealAll([{ place, bytes: randomBytes(32) }]);
    if (item !== undefined) await table.swap([{ item, before: undefined }]);
  }
}
