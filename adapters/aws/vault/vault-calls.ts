import { ConfigError } from '../../../etl/errors.ts';
import { type Doing, inAws, isNamed } from '../aws-errors.ts';

/** What of the vault's parts is missing or switched off, by the errors of DynamoDB and KMS. */
const UNUSABLE = [
  'ResourceNotFoundException',
  'NotFoundException',
  'DisabledException',
  'KMSInvalidStateException',
  'KeyUnavailableException',
  'InvalidCiphertextException',
  'IncorrectKeyException',
] as const;

/**
 * Does something with the vault's tables and keys. Throws ConfigError, naming what it needs, where one of them is missing,
 * switched off, another or forbidden; ThrottledError and TransientError as every call to AWS.
 */
export async function inVault<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
  return await inAws(doing, async () => {
    try {
      return await work();
    } catch (error) {
      if (!isNamed(error, ...UNUSABLE)) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw new ConfigError(
        'VAULT_UNUSABLE',
        `Failed ${doing.doing}: ${what} Nothing was protected or opened. See that ${doing.needs.split(' on ')[1]} is there and switched on, then do the same again.`,
        { context: { needs: doing.needs }, cause: error },
      );
    }
  });
}
