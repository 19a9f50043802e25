import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DecryptCommand, GenerateDataKeyWithoutPlaintextCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { Clock } from '../../../etl/ports.ts';
import { isNamed } from '../aws-errors.ts';
import { inVault } from './vault-calls.ts';

/** A key of 32 bytes that seals what a shard holds, and its number among those that the shard has had. */
export interface ShardKey {
  readonly generation: number;
  readonly key: Uint8Array;
}

/** The keys of shards: made where there are none, wrapped by KMS, kept in memory for `KEPT_MS` at most. */
export interface ShardKeys {
  /** The key to seal with. */
  newest(shard: string): Promise<ShardKey>;
  /** The key of a generation; undefined where it was destroyed. */
  of(shard: string, generation: number): Promise<Uint8Array | undefined>;
  /** Gives a shard a new key to seal with, beside those that it has. */
  add(shard: string): Promise<void>;
  /** Destroys all keys of a shard but the newest. Nothing may be sealed under another any more. */
  dropOlder(shard: string): Promise<void>;
  /** The generations that a shard has keys of, oldest first. */
  generations(shard: string): Promise<readonly number[]>;
}

/** So long keys of shards stay in memory: whoever seals under an older key stops by then. */
export const KEPT_MS = 10 * 60 * 1000;

/** Where the keys of shards are kept, and what wraps them. */
export interface ShardKeyPlace {
  readonly dynamo: DynamoDBClient;
  readonly kms: KMSClient;
  /** A table without backups: what is removed from it is gone. */
  readonly table: string;
  /** The key of KMS, by id or alias, that wraps a shard's. */
  readonly wrappingKeyOf: (shard: string) => string;
  readonly clock: Clock;
}

interface Wrapped {
  readonly newest: number;
  /** By generation. */
  readonly wrapped: ReadonlyMap<number, Uint8Array>;
}

interface Kept extends Wrapped {
  readonly opened: Map<number, Promise<Uint8Array>>;
}

/** The keys of shards in a table of their own. */
export function shardKeys({ dynamo, kms, table, wrappingKeyOf, clock }: ShardKeyPlace): ShardKeys {
  const kept = new Map<string, { readonly readMs: number; readonly keys: Promise<Kept> }>();
  const inKms = <T>(shard: string, action: string, work: () => Promise<T>): Promise<T> =>
    inVault(
      { doing: `opening the vault's keys (${shard})`, needs: `kms:${action} on ${wrappingKeyOf(shard)}` },
      work,
    );
  const inTable = <T>(action: string, work: () => Promise<T>): Promise<T> =>
    inVault(
      { doing: `reading or writing the vault's keys in ${table}`, needs: `dynamodb:${action} on ${table}` },
      work,
    );

  async function read(shard: string): Promise<Wrapped | undefined> {
    const { Item } = await inTable('GetItem', () =>
      dynamo.send(
        new GetItemCommand({ TableName: table, Key: { shard: { S: shard } }, ConsistentRead: true }),
      ),
    );
    return Item === undefined ? undefined : wrappedIn(Item);
  }
  /** Writes a shard's keys where they are as they were read; returns whether they were. */
  async function replace(shard: string, before: Wrapped | undefined, after: Wrapped): Promise<boolean> {
    try {
      await inTable('PutItem', () =>
        dynamo.send(
          new PutItemCommand({ TableName: table, Item: attributesOf(shard, after), ...ifStill(before) }),
        ),
      );
      return true;
    } catch (error) {
      if (isNamed(error, 'ConditionalCheckFailedException')) return false;
      throw error;
    } finally {
      kept.delete(shard);
    }
  }
  async function withNewKey(shard: string, before: Wrapped | undefined): Promise<Wrapped> {
    const newest = Math.max(0, ...(before?.wrapped.keys() ?? [])) + 1;
    const { CiphertextBlob = new Uint8Array() } = await inKms(shard, 'GenerateDataKeyWithoutPlaintext', () =>
      kms.send(
        new GenerateDataKeyWithoutPlaintextCommand({
          KeyId: wrappingKeyOf(shard),
          KeySpec: 'AES_256',
          EncryptionContext: contextOf(shard, newest),
        }),
      ),
    );
    return { newest, wrapped: new Map([...(before?.wrapped ?? []), [newest, CiphertextBlob]]) };
  }
  async function readOrMake(shard: string): Promise<Kept> {
    for (;;) {
      const found = await read(shard);
      if (found !== undefined) return { ...found, opened: new Map() };
      await replace(shard, undefined, await withNewKey(shard, undefined));
    }
  }
  function keptNow(shard: string): Promise<Kept> {
    const nowMs = clock.now().getTime();
    const known = kept.get(shard);
    if (known !== undefined && nowMs - known.readMs < KEPT_MS) return known.keys;
    const fresh = { readMs: nowMs, keys: readOrMake(shard) };
    kept.set(shard, fresh);
    fresh.keys.catch(() => kept.delete(shard));
    return fresh.keys;
  }
  function opened(
    shard: string,
    { wrapped, opened: ofShard }: Kept,
    generation: number,
  ): Promise<Uint8Array> | undefined {
    const blob = wrapped.get(generation);
    if (blob === undefined) return undefined;
    const known = ofShard.get(generation) ?? unwrap(shard, generation, blob);
    ofShard.set(generation, known);
    known.catch(() => ofShard.delete(generation));
    return known;
  }
  async function unwrap(shard: string, generation: number, blob: Uint8Array): Promise<Uint8Array> {
    const { Plaintext = new Uint8Array() } = await inKms(shard, 'Decrypt', () =>
      kms.send(
        new DecryptCommand({
          KeyId: wrappingKeyOf(shard),
          CiphertextBlob: blob,
          EncryptionContext: contextOf(shard, generation),
        }),
      ),
    );
    return Plaintext;
  }

  return {
    async newest(shard) {
      const now = await keptNow(shard);
      return { generation: now.newest, key: (await opened(shard, now, now.newest)) as Uint8Array };
    },
    async of(shard, generation) {
      const known = await opened(shard, await keptNow(shard), generation);
      if (known !== undefined) return known;
      // Sealed under a newer key than this process knows.
      kept.delete(shard);
      return await opened(shard, await keptNow(shard), generation);
    },
    async add(shard) {
      for (;;) {
        const before = await read(shard);
        if (await replace(shard, before, await withNewKey(shard, before))) return;
      }
    },
    async dropOlder(shard) {
      const before = await read(shard);
      const blob = before?.wrapped.get(before.newest);
      if (before === undefined || blob === undefined || before.wrapped.size === 1) return;
      await replace(shard, before, { newest: before.newest, wrapped: new Map([[before.newest, blob]]) });
    },
    generations: async (shard) => [...((await read(shard))?.wrapped.keys() ?? [])].sort((a, b) => a - b),
  };
}

/** What KMS binds a wrapped key to: it opens for no other shard and generation. */
const contextOf = (shard: string, generation: number): Record<string, string> => ({
  'assay:shard': shard,
  'assay:generation': String(generation),
});

function ifStill(before: Wrapped | undefined): Partial<PutItemCommand['input']> {
  if (before === undefined)
    return {
      ConditionExpression: 'attribute_not_exists(#shard)',
      ExpressionAttributeNames: { '#shard': 'shard' },
    };
  return {
    ConditionExpression: '#newest = :newest AND size(#wrapped) = :count',
    ExpressionAttributeNames: { '#newest': 'newest', '#wrapped': 'wrapped' },
    ExpressionAttributeValues: {
      ':newest': { N: String(before.newest) },
      ':count': { N: String(before.wrapped.size) },
    },
  };
}

const attributesOf = (shard: string, { newest, wrapped }: Wrapped): Record<string, AttributeValue> => ({
  shard: { S: shard },
  newest: { N: String(newest) },
  wrapped: {
    M: Object.fromEntries([...wrapped].map(([generation, blob]) => [String(generation), { B: blob }])),
  },
});

const wrappedIn = ({ newest, wrapped }: Record<string, AttributeValue>): Wrapped => ({
  newest: Number(newest?.N),
  wrapped: new Map(
    Object.entries(wrapped?.M ?? {}).map(([generation, { B }]) => [
      Number(generation),
      B ?? new Uint8Array(),
    ]),
  ),
});
