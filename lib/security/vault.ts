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

/** What one may do with the vault: say what it calls files and hashes; open envelopes with its keys; also make and destroy keys. */
export type VaultUse = 'names' | 'opens' | 'makes';

/** The statements of a use of the vault. */
export function usingVault(parts: VaultParts, use: VaultUse): PolicyStatement[] {
  const { table, keysTable, wrappingKeys } = parts;
  if (use === 'names') return naming(parts);
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

/** Of all secrets, only that which names are made with. It opens no envelope. */
function naming({ table, keysTable, wrappingKeys }: VaultParts): PolicyStatement[] {
  const own = wrappingKeys.get('');
  return [
    new PolicyStatement({ actions: READS, resources: [table.tableArn, keysTable.tableArn] }),
    new PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: own === undefined ? [] : [own.keyArn],
      // KMS opens nothing without the context that it was wrapped with; an emulator may tell policies nothing of it.
      conditions: { StringEqualsIfExists: { 'kms:EncryptionContext:assay:shard': REFERENCES_SHARD } },
    }),
  ];
}

/**
 * Opening envelopes of one data group and no other: the group's key of KMS, and of what the vault's own key wraps only the
 * secret that finds keys by references. It neither finds people by their ids nor makes or destroys a key.
 */
export function openingGroup(parts: VaultParts, group: string): PolicyStatement[] {
  const { wrappingKeys } = parts;
  const own = wrappingKeys.get(group);
  return [
    ...naming(parts),
    new PolicyStatement({ actions: ['kms:Decrypt'], resources: own === undefined ? [] : [own.keyArn] }),
  ];
}
