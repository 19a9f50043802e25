import { type LaterSecret, laterSecret } from '../adapters/aws/secrets.ts';
import { httpLineage } from '../adapters/http/lineage.ts';
import { systemClock } from '../adapters/local/clock.ts';
import type { Lineage } from '../etl/ports.ts';
import { readEnvironment } from './environment.ts';
import { lineageOf } from './lineage.ts';
import { tellDied } from './relay/execution-end.ts';
import { postText, webhookAddress } from './relay/post-webhook.ts';
import { relayBatch } from './relay/relay-batch.ts';
import { logInfo, logWarning, observed } from './telemetry.ts';

/** Where alerts go. */
interface Ways {
  readonly slack: LaterSecret | undefined;
  readonly lineage: Lineage | undefined;
}

let ways: Ways | undefined;

/** Posts alerts to the Slack webhook, or logs them without one. Reports dead workflows to the lineage server, too. */
export const handler = observed('relay-alert', async (event) => {
  ways ??= openWays();
  const { slack, lineage } = ways;
  const url = webhookAddress((await slack?.read()) ?? '');
  return await relayBatch(event, {
    async told(body) {
      if (lineage !== undefined) await tellDied(body, lineage);
    },
    async send(text) {
      if (url === undefined) logInfo('alert', { text });
      else await postText(url, text);
    },
    onFailure(messageId, reason) {
      // Perhaps the address was replaced.
      slack?.forget();
      logWarning('an alert was not relayed and is tried again', { messageId, reason });
    },
  });
});

function openWays(): Ways {
  const env = readEnvironment(process.env, []);
  const { ASSAY_SLACK_SECRET_ARN: slackArn } = env;
  const lineage = lineageOf(env);
  return {
    slack: slackArn === undefined ? undefined : laterSecret(slackArn, Date.now),
    lineage: lineage === undefined ? undefined : httpLineage({ ...lineage, clock: systemClock }),
  };
}
