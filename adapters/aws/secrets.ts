import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfigError } from '../../etl/errors.ts';
import { inAws, isNamed } from './aws-errors.ts';

/** The text of a secret; throws ConfigError `SECRET_MISSING` where it has none. */
export async function readSecret(secrets: SecretsManagerClient, secretArn: string): Promise<string> {
  const doing = { doing: 'reading a secret', needs: `secretsmanager:GetSecretValue on ${secretArn}` };
  const text = await inAws(doing, async () => {
    try {
      return (await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))).SecretString;
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  });
  if (text !== undefined && text !== '') return text;
  throw new ConfigError(
    'SECRET_MISSING',
    `The secret ${secretArn} is missing or empty: deploy the stack, or set it.`,
  );
}
