import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock, Tickets } from '../../etl/ports.ts';
import { inAws } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

/** Names of an item's attributes; `endsAt`, in seconds since 1970, is what the table expires items by. */
const [KEY, TEXT, ENDS_AT] = ['ticket', 'text', 'endsAt'] as const;

/** Tickets in a table of DynamoDB, which removes what is over within days: until then it is not given out either. */
export function dynamoTickets({ table, clock }: { readonly table: string; readonly clock: Clock }): Tickets {
  const client = new DynamoDBClient(CLIENT_CONFIG);
  const doing = (action: string) => ({
    doing: `looking after sessions in table ${table}`,
    needs: `dynamodb:${action} on ${table}`,
  });
  const keyOf = (key: string) => ({ [KEY]: { S: key } });
  const textOf = (item: Record<string, AttributeValue> | undefined): string | undefined => {
    const endsMs = Number(item?.[ENDS_AT]?.N ?? 0) * 1000;
    return endsMs > clock.now().getTime() ? item?.[TEXT]?.S : undefined;
  };
  return {
    async put(key, text, endsAt) {
      const endsS = Math.floor(endsAt.getTime() / 1000);
      const Item = { ...keyOf(key), [TEXT]: { S: text }, [ENDS_AT]: { N: String(endsS) } };
      await inAws(doing('PutItem'), () => client.send(new PutItemCommand({ TableName: table, Item })));
    },
    async get(key) {
      const { Item } = await inAws(doing('GetItem'), () =>
        // Who signed out a moment ago must not be found.
        client.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true })),
      );
      return textOf(Item);
    },
    async take(key) {
      const { Attributes } = await inAws(doing('DeleteItem'), () =>
        client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(key), ReturnValues: 'ALL_OLD' })),
      );
      return textOf(Attributes);
    },
  };
}
