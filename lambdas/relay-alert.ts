import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CLIENT_CONFIG } from '../adapters/aws/client-config.ts';
import { readSecret } from '../adapters/aws/secrets.ts';
import { readEnvironment } from './environment.ts';
import { postText, webhookAddress } from './relay/post-webhook.ts';
import { relayBatch } from './relay/relay-batch.ts';
import { logInfo, logWarning, observed } from './telemetry.ts';

/** How long an address is used before it is read again, so that a new one needs no deployment. */
const ADDRESS_MS = 5 * 60_000;

let known: { readonly url: URL; readonly untilMs: number } | undefined;

/** Posts alerts to the Slack webhook; without one, they stand in the log. */
export const handler = observed('relay-alert', async (event) => {
  const url = await findAddress(Date.now());
  return await relayBatch(event, {
    send: async (text) => {
      if (url === undefined) logInfo('alert', { text });
      else await postText(url, text);
    },
    onFailure: (messageId, reason) => {
      // Perhaps the address was replaced.
      known = undefined;
      logWarning('an alert was not relayed and is tried again', { messageId, reason });
    },
  });
});

async function findAddress(nowMs: number): Promise<URL | undefined> {
  if (known !== undefined && nowMs < known.untilMs) return known.url;
  const url = await readAddress();
  known = url === undefined ? undefined : { url, untilMs: nowMs + ADDRESS_MS };
  return url;
}

async function readAddress(): Promise<URL | undefined> {
  const { ASSAY_SLACK_SECRET_ARN: secretArn } = readEnvironment(process.env, []);
  if (secretArn === undefined) return undefined;
  return webhookAddress(await readSecret(new SecretsManagerClient(CLIENT_CONFIG), secretArn));
}
