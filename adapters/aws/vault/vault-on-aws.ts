import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { z } from 'zod';
import { ConfigError } from '../../../etl/errors.ts';
import type { Clock, ObjectStore } from '../../../etl/ports.ts';
import { lakeErasureLog } from '../../../etl/privacy/erasure-log.ts';
import type { Vault, VaultUpkeep } from '../../../etl/privacy/vault.ts';
import type { VaultContents } from '../../local/vault/vault-contents.ts';
import { CLIENT_CONFIG } from '../client-config.ts';
import { dynamoVault } from './dynamo-vault.ts';
import { contentsOfVault, fillVault } from './move-vault.ts';
import { type DynamoVaultPlace, openParts } from './open-vault.ts';

/** Where a lake's vault is on AWS. */
export interface VaultOnAws {
  readonly table: string;
  readonly keysTable: string;
  /** ARNs of keys of KMS by data group; under the empty name, the vault's own. */
  readonly wrappingKeys: ReadonlyMap<string, string>;
}

const KEYS = z.record(z.string(), z.string().startsWith('arn:'));

/** Reads the keys of KMS as the stack names them: a JSON object of ARNs by data group. */
export const parseWrappingKeys = (text: string): ReadonlyMap<string, string> =>
  new Map(Object.entries(KEYS.parse(JSON.parse(text))));

interface LakeParts {
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

/** The vault of a lake on AWS; its log of erasures lies in the lake. */
export const openVaultOnAws = (vault: VaultOnAws, lake: LakeParts): Vault & VaultUpkeep =>
  dynamoVault(placeOf(vault, lake));

/** Moves all that a vault holds. */
export interface VaultMover {
  contents(): Promise<VaultContents>;
  fill(contents: VaultContents): Promise<void>;
}

/** Moves all that the vault on AWS holds into another, or what another holds into it. */
export function vaultMover(place: VaultOnAws, lake: LakeParts): VaultMover {
  const vault = openParts(placeOf(place, lake));
  return { contents: () => contentsOfVault(vault), fill: (contents) => fillVault(vault, contents) };
}

function placeOf(
  { table, keysTable, wrappingKeys }: VaultOnAws,
  { objects, clock }: LakeParts,
): DynamoVaultPlace {
  return {
    dynamo: new DynamoDBClient(CLIENT_CONFIG),
    kms: new KMSClient(CLIENT_CONFIG),
    ...{ table, keysTable, clock },
    log: lakeErasureLog(objects),
    wrappingKeyOf(group = '') {
      const key = wrappingKeys.get(group);
      if (key !== undefined) return key;
      throw new ConfigError(
        'VAULT_UNUSABLE',
        `There is no key of KMS for the data group ${group}: deploy the stack with the contract that names it, then do the same again.`,
        { context: { group } },
      );
    },
  };
}
