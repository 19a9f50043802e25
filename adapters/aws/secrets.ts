import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfigError } from '../../etl/errors.ts';
import { inAws, isNamed } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

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

/** What a secret holds until a person puts something in. */
const NOT_SET = 'not set';
/** How long one is used before it is read again, so that a new one needs no deployment. */
const KEPT_MS = 5 * 60_000;

/** A secret that a person puts in after the deployment. */
export interface LaterSecret {
  /** Its text; undefined until somebody put one in. */
  read(): Promise<string | undefined>;
  /** Forces a new read, because its value failed. */
  forget(): void;
}

/** A secret that is read when it is wanted, and kept for five minutes. */
export function laterSecret(secretArn: string, nowMs: () => number): LaterSecret {
  const secrets = new SecretsManagerClient(CLIENT_CONFIG);
  let known: { readonly text: string; readonly untilMs: number } | undefined;
  return {
    async read() {
      if (known !== undefined && nowMs() < known.untilMs) return known.text;
      const text = (await readSecret(secrets, secretArn)).trim();
      known = text === NOT_SET || text === '' ? undefined : { text, untilMs: nowMs() + KEPT_MS };
      return known?.text;
    },
    forget() {
      known = undefined;
    },
  };
}
