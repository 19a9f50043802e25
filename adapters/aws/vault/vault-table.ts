import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { ThrottledError } from '../../../etl/errors.ts';
import { atMost, inFlight } from '../../../etl/in-flight.ts';
import { isNamed } from '../aws-errors.ts';
import type { Place } from './places.ts';
import { inVault } from './vault-calls.ts';

/** What stands at a place: sealed bytes, or a text where nothing is secret. */
export interface Item extends Place {
  readonly sealed?: Uint8Array;
  readonly text?: string;
}

/** The vault's table: `shard` is its partition key, `name` its sort key. Every read is consistent. */
export interface VaultTable {
  /** What stands at each place, in order; undefined where there is nothing. */
  read(places: readonly Place[]): Promise<readonly (Item | undefined)[]>;
  /** Writes items, over whatever stands there. */
  write(items: readonly Item[]): Promise<void>;
  /** Writes items each of which must be new; all of them or none. Returns whether they were written. */
  addAll(items: readonly Item[]): Promise<boolean>;
  /** Writes each item where its place is as it was read; says of each whether it was. */
  swap(changes: readonly Swap[]): Promise<readonly boolean[]>;
  remove(places: readonly Place[]): Promise<void>;
  /** All items of a shard, by name. */
  all(shard: string): AsyncGenerator<Item>;
}

/** An item that takes the place of one that was read, or of nothing. */
export interface Swap {
  readonly item: Item;
  readonly before: Item | undefined;
}

/** Limits of BatchGetItem and BatchWriteItem. */
const [READ_AT_ONCE, WRITTEN_AT_ONCE] = [100, 25];
/** Calls under way at one time. */
const CALLS = 32;
/** A batch whose rest wasn't taken so often is given up; between two tries it waits 50 ms and twice as long each time. */
const TRIES = 8;
const FIRST_WAIT_MS = 50;

/** The table of a name. */
export function vaultTable(client: DynamoDBClient, table: string): VaultTable {
  const calling = <T>(action: string, work: () => Promise<T>): Promise<T> =>
    inVault(
      { doing: `reading or writing the vault ${table}`, needs: `dynamodb:${action} on ${table}` },
      work,
    );

  async function readBatch(places: readonly Place[]): Promise<Item[]> {
    return await untilTaken(places.map(keyOf), async (keys) => {
      const { Responses, UnprocessedKeys } = await calling('BatchGetItem', () =>
        client.send(
          new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [...keys], ConsistentRead: true } } }),
        ),
      );
      return { done: (Responses?.[table] ?? []).map(itemOf), rest: UnprocessedKeys?.[table]?.Keys ?? [] };
    });
  }
  async function writeBatch(requests: readonly WriteRequest[]): Promise<void> {
    await untilTaken(requests, async (some) => {
      const { UnprocessedItems } = await calling('BatchWriteItem', () =>
        client.send(new BatchWriteItemCommand({ RequestItems: { [table]: [...some] } })),
      );
      return { done: [], rest: UnprocessedItems?.[table] ?? [] };
    });
  }
  const writeAll = async (requests: readonly WriteRequest[]): Promise<void> => {
    for await (const _ of inFlight(batches(requests, WRITTEN_AT_ONCE), atMost(CALLS), writeBatch));
  };

  return {
    async read(places) {
      const once = new Map(places.map((place) => [nameOf(place), place]));
      const found = new Map<string, Item>();
      for await (const items of inFlight(batches([...once.values()], READ_AT_ONCE), atMost(CALLS), readBatch))
        for (const item of items) found.set(nameOf(item), item);
      return places.map((place) => found.get(nameOf(place)));
    },
    write: (items) => writeAll(items.map((item) => ({ PutRequest: { Item: attributesOf(item) } }))),
    remove: (places) => writeAll(places.map((place) => ({ DeleteRequest: { Key: keyOf(place) } }))),
    async addAll(items) {
      const TransactItems = items.map((item) => ({
        Put: { TableName: table, Item: attributesOf(item), ...IF_NEW },
      }));
      return await calling('PutItem', () =>
        taken(() => client.send(new TransactWriteItemsCommand({ TransactItems }))),
      );
    },
    async swap(changes) {
      const done: boolean[] = [];
      const put = async ({ item, before }: Swap): Promise<boolean> =>
        await calling('PutItem', () =>
          taken(() =>
            client.send(
              new PutItemCommand({ TableName: table, Item: attributesOf(item), ...ifStill(before) }),
            ),
          ),
        );
      for await (const isDone of inFlight(changes, atMost(CALLS), put)) done.push(isDone);
      return done;
    },
    async *all(shard) {
      let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
      do {
        const page = await calling('Query', () =>
          client.send(
            new QueryCommand({
              TableName: table,
              ConsistentRead: true,
              KeyConditionExpression: '#shard = :shard',
              ExpressionAttributeNames: { '#shard': 'shard' },
              ExpressionAttributeValues: { ':shard': { S: shard } },
              ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
            }),
          ),
        );
        for (const attributes of page.Items ?? []) yield itemOf(attributes);
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
    },
  };
}

const IF_NEW = {
  ConditionExpression: 'attribute_not_exists(#shard)',
  ExpressionAttributeNames: { '#shard': 'shard' },
};

/** That an item is as it was read. */
function ifStill(before: Item | undefined): Partial<PutItemCommand['input']> {
  if (before === undefined) return IF_NEW;
  const [name, value] =
    before.sealed === undefined ? ['text', { S: before.text ?? '' }] : ['sealed', { B: before.sealed }];
  return {
    ConditionExpression: '#held = :held',
    ExpressionAttributeNames: { '#held': name as string },
    ExpressionAttributeValues: { ':held': value as AttributeValue },
  };
}

/** Whether a conditional write was made; throws what isn't about its condition. */
async function taken(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isNamed(error, 'ConditionalCheckFailedException')) return false;
    const reasons = (error as { readonly CancellationReasons?: readonly { readonly Code?: string }[] })
      .CancellationReasons;
    if (reasons?.some(({ Code }) => Code === 'ConditionalCheckFailed')) return false;
    throw error;
  }
}

/** Asks again for what a batch left, with longer and longer waits. */
async function untilTaken<Request, Done>(
  requests: readonly Request[],
  ask: (
    some: readonly Request[],
  ) => Promise<{ readonly done: readonly Done[]; readonly rest: readonly Request[] }>,
): Promise<Done[]> {
  const all: Done[] = [];
  let left = requests;
  for (let tries = 0; left.length > 0; tries++) {
    if (tries === TRIES)
      throw new ThrottledError(
        'AWS_THROTTLED',
        `The vault's table took ${requests.length - left.length} of ${requests.length} items: it is asked more often than it allows. Try again in a minute.`,
      );
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** tries));
    const { done, rest } = await ask(left);
    all.push(...done);
    left = rest;
  }
  return all;
}

function* batches<T>(things: readonly T[], size: number): Generator<readonly T[]> {
  for (let n = 0; n < things.length; n += size) yield things.slice(n, n + size);
}

const nameOf = ({ shard, name }: Place): string => `${shard} ${name}`;

const keyOf = ({ shard, name }: Place): Record<string, AttributeValue> => ({
  shard: { S: shard },
  name: { S: name },
});

const attributesOf = ({ sealed, text, ...place }: Item): Record<string, AttributeValue> => ({
  ...keyOf(place),
  ...(sealed === undefined ? {} : { sealed: { B: sealed } }),
  ...(text === undefined ? {} : { text: { S: text } }),
});

const itemOf = ({ shard, name, sealed, text }: Record<string, AttributeValue>): Item => ({
  shard: shard?.S ?? '',
  name: name?.S ?? '',
  ...(sealed?.B === undefined ? {} : { sealed: sealed.B }),
  ...(text?.S === undefined ? {} : { text: text.S }),
});
