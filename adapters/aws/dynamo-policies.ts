import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { ConfigError, DataError } from '../../etl/errors.ts';
import { moved } from '../../stream/policy/documents-policy-store.ts';
import { KeptDocument, type PolicyStore } from '../../stream/policy/policy-store.ts';
import { inAws } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

/** Names of the table's keys. */
const [SHELF, PLACE] = ['shelf', 'place'] as const;
/** The shelf of what holds now; each document's earlier versions have one of their own. */
const NOW = 'current';

/** What DynamoDB takes as one item, less what stands beside the text. */
const MOST_BYTES = 390_000;

type Attributes = Record<string, AttributeValue>;

/**
 * Policies in a table of DynamoDB with the keys `shelf` and `place`: what holds now stands on one shelf, so that one consistent
 * query has all of it, and a transaction moves it and keeps its version.
 */
export function dynamoPolicies({ table }: { readonly table: string }): PolicyStore {
  const client = new DynamoDBClient(CLIENT_CONFIG);
  const calling = <T>(action: string, work: () => Promise<T>): Promise<T> =>
    inAws(
      { doing: `reading or writing policies in table ${table}`, needs: `dynamodb:${action} on ${table}` },
      work,
    );
  const onShelf = async (shelf: string): Promise<KeptDocument[]> => {
    const found: KeptDocument[] = [];
    let ExclusiveStartKey: Attributes | undefined;
    do {
      const page = await calling('Query', () =>
        client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: '#shelf = :shelf',
            ExpressionAttributeNames: { '#shelf': SHELF },
            ExpressionAttributeValues: { ':shelf': { S: shelf } },
            ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
          }),
        ),
      );
      found.push(...(page.Items ?? []).map((item) => documentOf(item, table)));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return found;
  };
  return {
    current: () => onShelf(NOW),
    async read(name) {
      const Key = { [SHELF]: { S: NOW }, [PLACE]: { S: name } };
      const { Item } = await calling('GetItem', () =>
        client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true })),
      );
      return Item && documentOf(Item, table);
    },
    async write(next) {
      const text = textOf(next);
      const item = (shelf: string, place: string): Attributes => ({
        ...{ [SHELF]: { S: shelf }, [PLACE]: { S: place } },
        ...{ version: { N: String(next.version) }, text: { S: text } },
      });
      const onlyAfter =
        next.version === 1
          ? { ConditionExpression: 'attribute_not_exists(#version)' }
          : {
              ConditionExpression: '#version = :before',
              ExpressionAttributeValues: { ':before': { N: String(next.version - 1) } },
            };
      const ExpressionAttributeNames = { '#version': 'version' };
      const TransactItems = [
        { Put: { TableName: table, Item: item(NOW, next.name), ...onlyAfter, ExpressionAttributeNames } },
        { Put: { TableName: table, Item: item(versionsShelf(next.name), placeOf(next.version)) } },
      ];
      try {
        await calling('PutItem', () => client.send(new TransactWriteItemsCommand({ TransactItems })));
      } catch (error) {
        throw isLost(error) ? moved(next, error) : error;
      }
    },
    history: async (name) => (await onShelf(versionsShelf(name))).reverse(),
  };
}

const versionsShelf = (name: string): string => `versions of ${name}`;
const placeOf = (version: number): string => String(version).padStart(9, '0');

/** Whether a transaction was given up since somebody else wrote: its condition did not hold, or both wrote at once. */
function isLost(error: unknown): boolean {
  const { CancellationReasons: reasons } = error as {
    readonly CancellationReasons?: readonly { readonly Code?: string }[];
  };
  return (
    reasons?.some(({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict') ?? false
  );
}

/** The text of a document; throws ConfigError `POLICY_TOO_LARGE` where DynamoDB takes none of that size. */
function textOf(document: KeptDocument): string {
  const text = JSON.stringify(document);
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  throw new ConfigError(
    'POLICY_TOO_LARGE',
    `${document.name} would take ${Buffer.byteLength(text)} bytes, and DynamoDB takes ${MOST_BYTES}: say it with fewer rules.`,
    { context: { name: document.name } },
  );
}

function documentOf({ text, ...item }: Attributes, table: string): KeptDocument {
  const place = `${item[SHELF]?.S} ${item[PLACE]?.S} of table ${table}`;
  try {
    return KeptDocument.parse(JSON.parse(text?.S ?? ''));
  } catch (error) {
    throw new DataError('DOCUMENT_DAMAGED', `${place} can't be read as what it should be.`, {
      cause: error,
      context: { table },
    });
  }
}
