import { fromBase32 } from '../../../etl/privacy/base32.ts';
import { fileNames } from '../../../etl/privacy/file-names.ts';
import { referenceDigest } from '../../../etl/privacy/reference-digest.ts';
import type { SubjectKeyName, Vault, VaultUpkeep } from '../../../etl/privacy/vault.ts';
import { columnsOf, idsOf } from './columns.ts';
import { eraser } from './erase.ts';
import { type DynamoVaultPlace, type OpenVault, openParts } from './open-vault.ts';
import { keysOfPeriods } from './periods.ts';
import { renewedAt, renewKey } from './renew.ts';
import { findOrMakeSubjects, keyPlaces } from './subjects.ts';

const REFERENCE_BYTES = 16;

/**
 * The vault in two tables of DynamoDB, its keys wrapped by KMS: one key of KMS a data group, and one for the rest. Every
 * call throws ConfigError where a table or a key is missing, switched off or forbidden, and says which.
 */
export function dynamoVault(place: DynamoVaultPlace): Vault & VaultUpkeep {
  const vault = openParts(place);
  return {
    subjects: (asked, groups) => findOrMakeSubjects(vault, asked, groups),
    subjectKeys: (asked) => subjectKeys(vault, asked),
    periodKeys: (asked, absent) => keysOfPeriods(vault, asked, absent),
    columnIds: (columns) => idsOf(vault, columns),
    fileNames: async (dataset, digests) => fileNames(await vault.referenceSecret(), dataset, digests),
    columns: () => columnsOf(vault),
    ...eraser(vault),
    renewKey: () => renewKey(vault),
    // The upkeep of the next day ends it.
    renewalTakesMs: 86_400_000,
    renewedAt: () => renewedAt(vault),
  };
}

async function subjectKeys(
  vault: OpenVault,
  asked: readonly SubjectKeyName[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const secret = await vault.referenceSecret();
  const erased = await vault.erased();
  const keys: (Uint8Array | undefined)[] = asked.map(() => undefined);
  const places = asked.flatMap(({ reference, group }, n) => {
    const bytes = fromBase32(reference);
    if (bytes?.length !== REFERENCE_BYTES || erased.isGone(referenceDigest(secret, bytes))) return [];
    return keyPlaces(secret, reference, [group]).map((at) => ({ n, at }));
  });
  const found = await vault.items.read(places.map(({ at }) => at));
  for (const [i, { n }] of places.entries()) keys[n] = found[i]?.bytes;
  return keys;
}
