import { randomBytes } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CLIENT_CONFIG } from '../../../adapters/aws/client-config.ts';
import type { DynamoVaultPlace } from '../../../adapters/aws/vault/open-vault.ts';
import { handClock, memoryLog } from '../../adapters/vault/support.ts';

/** Where tests make vaults. */
export const dynamo = new DynamoDBClient(CLIENT_CONFIG);
export const kms = new KMSClient(CLIENT_CONFIG);

/** Makes a key of KMS for each data group, and under '' the vault's own. */
export async function wrappingKeys(...groups: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>();
  for (const group of ['', ...groups]) {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    keys.set(group, KeyMetadata?.KeyId ?? '');
  }
  return keys;
}

/** Makes a table with these keys, the first its partition's. */
export async function makeTable(...keys: readonly string[]): Promise<string> {
  const TableName = `vault-${randomBytes(6).toString('hex')}`;
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName, n) => ({ AttributeName, KeyType: n === 0 ? 'HASH' : 'RANGE' })),
    }),
  );
  return TableName;
}

/** Makes the tables of an empty vault. */
export async function makePlace(wrapping: ReadonlyMap<string, string>, clock = handClock()) {
  const [table, keysTable] = [await makeTable('shard', 'name'), await makeTable('shard')];
  const place: DynamoVaultPlace = {
    ...{ dynamo, kms, table, keysTable, clock, log: memoryLog() },
    wrappingKeyOf: (group = '') => wrapping.get(group) ?? '',
  };
  const dispose = async (): Promise<void> => {
    for (const TableName of [table, keysTable]) await dynamo.send(new DeleteTableCommand({ TableName }));
  };
  return { place, clock, dispose };
}
