import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Where the keys of protected values are, and what wraps them. */
export interface VaultParts {
  readonly table: Named;
  readonly keysTable: Named;
  /** By data group; under the empty name, the vault's own. */
  readonly wrappingKeys: ReadonlyMap<string, { readonly keyArn: string }>;
}

interface Named {
  readonly tableName: string;
  readonly tableArn: string;
}

/** As adapters/aws/vault/places.ts names it. */
const REFERENCES_SHARD = 'secrets/references';

const READS = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
const WRITES = ['dynamodb:PutItem', 'dynamodb:BatchWriteItem'];

/** Opening envelopes with the vault's keys; also making and destroying keys. */
export function usingVault(
  { table, keysTable, wrappingKeys }: VaultParts,
  use: 'opens' | 'makes',
): PolicyStatement[] {
  const makes = use === 'makes';
  return [
    new PolicyStatement({
      actions: [...READS, ...(makes ? WRITES : [])],
      resources: [table.tableArn, keysTable.tableArn],
    }),
    new PolicyStatement({
      actions: ['kms:Decrypt', ...(makes ? ['kms:GenerateDataKeyWithoutPlaintext'] : [])],
      resources: [...wrappingKeys.values()].map(({ keyArn }) => keyArn),
    }),
  ];
}

/**
 * Opening envelopes of one data group and no other: the group's key of KMS, and of what the vault's own key wraps only the
 * secret that finds keys by references. It neither finds people by their ids nor makes or destroys a key.
 */
export function openingGroup(
  { table, keysTable, wrappingKeys }: VaultParts,
  group: string,
): PolicyStatement[] {
  const keyOf = (name: string): string[] =>
    [...wrappingKeys].flatMap(([of, { keyArn }]) => (of === name ? [keyArn] : []));
  return [
    new PolicyStatement({ actions: READS, resources: [table.tableArn, keysTable.tableArn] }),
    new PolicyStatement({ actions: ['kms:Decrypt'], resources: keyOf(group) }),
    new PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: keyOf(''),
      // KMS opens nothing without the context that it was wrapped with; an emulator may tell policies nothing of it.
      conditions: { StringEqualsIfExists: { 'kms:EncryptionContext:assay:shard': REFERENCES_SHARD } },
    }),
  ];
}
