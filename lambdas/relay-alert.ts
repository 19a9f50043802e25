import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CLIENT_CONFIG } from '../adapters/aws/client-config.ts';
import { readSecret } from '../adapters/aws/secrets.ts';
import { readEnvironment } from './environment.ts';
import { postText, webhookAddress } from './relay/post-webhook.ts';
import { relayBatch } from './relay/relay-batch.ts';
import { logInfo, logWarning, observed } from './telemetry.ts';

/** Reads the address anew in every container, so that a new one needs no deployment. */
let address: Promise<URL | undefined> | undefined;

/** Posts alerts to the Slack webhook; without one, they stand in the log. */
export const handler = observed('relay-alert', async (event) => {
  address ??= findAddress();
  const url = await address.catch((error: unknown) => {
    address = undefined;
    throw error;
  });
  return await relayBatch(event, {
    send: async (text) => {
      if (url === undefined) logInfo('alert', { text });
      else await postText(url, text);
    },
    onFailure: (messageId, reason) => {
      // Perhaps the address was replaced.
      address = undefined;
      logWarning('an alert was not relayed and is tried again', { messageId, reason });
    },
  });
});

async function findAddress(): Promise<URL | undefined> {
  const { ASSAY_SLACK_SECRET_ARN: secretArn } = readEnvironment(process.env, []);
  if (secretArn === undefined) return undefined;
  return webhookAddress(await readSecret(new SecretsManagerClient(CLIENT_CONFIG), secretArn));
}
