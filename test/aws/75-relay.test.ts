import { setTimeout as sleep } from 'node:timers/promises';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, type Platform } from './support/platform.ts';
import { until } from './support/until.ts';
import { startWebhook, type Webhook } from './support/webhook.ts';

/** The way of an alert to a person: topic, queue, relay-alert, webhook; and what becomes of it when nobody takes it. */

const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const sns = new SNSClient();
const SECRET = 'assay/staging/slack-webhook';

let platform: Platform;
let webhook: Webhook;
let queueUrl: string;

beforeAll(async () => {
  platform = await connect('relay');
  webhook = await startWebhook();
  queueUrl = platform.session.outputs.AlertsQueueUrl;
  await setAddress(webhook.url);
  // A relay that failed is tried again after seconds, not minutes; longer than one try takes.
  await setVisibility('5');
});
afterAll(async () => {
  await setVisibility('180');
  await setAddress('not set');
  await webhook?.stop();
});

const setVisibility = (VisibilityTimeout: string) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { VisibilityTimeout } }));
const setAddress = (SecretString: string) =>
  new SecretsManagerClient().send(new PutSecretValueCommand({ SecretId: SECRET, SecretString }));
const publish = (Message: string) =>
  sns.send(new PublishCommand({ TopicArn: platform.session.outputs.AlertsTopicArn, Message }));

const heard = (what: string): Promise<string> =>
  until(`the webhook hearing: ${what}`, async () => webhook.texts.find((text) => text.includes(what)));

test('an address that is put into the secret is used without a deployment, and says what to do', async () => {
  await platform.store.put('bronze/relayed/never/ingest_date=2024-06-01/file.csv', 'a,b\n1,2\n');
  const text = await heard('relayed.never');
  expect(text).toContain('Nothing was started');
  expect(text).toMatch(/^Next: write or correct contracts\/relayed\/never\.yaml/m);
});

test('a failed execution whose record nobody wrote is told with its run and its dataset', async () => {
  const alert = {
    kind: 'run-failed',
    dataset: '',
    runId: 'RUN-1-approved-2',
    at: '2024-06-01T00:00:00Z',
    title: 'The workflow of run RUN-1-approved-2 ended as ABORTED.',
    readersSee: 'Readers see the last snapshot that was published.',
    nextCommand: 'assay show RUN-1-approved-2',
    details: { input: JSON.stringify({ dataset: 'relayed.stopped', runId: 'RUN-1' }) },
  };
  await publish(JSON.stringify(alert));
  const text = await heard('relayed.stopped');
  expect(text).toMatch(/^Next: assay show RUN-1$/m);
});

test('a webhook that is out of order for a while hears the alert later, once', async () => {
  const before = webhook.posts();
  webhook.answer(503);
  await publish('the budget is at 80 %');
  await until('posts that were refused', async () => webhook.posts() >= before + 3);
  webhook.answer(200);
  await heard('the budget is at 80 %');
  // Were it handed over again, it would be by now.
  await sleep(6_000);
  expect(webhook.texts.filter((text) => text === 'the budget is at 80 %')).toHaveLength(1);
});

test('what nobody takes for good is kept with the dead letters', async () => {
  const { QueueUrl } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: 'assay-staging-alerts-undelivered' }),
  );
  const undelivered = async (): Promise<string[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    return Messages.map(({ Body = '' }) => Body);
  };
  expect(await undelivered()).toEqual([]);
  webhook.answer(404);
  await publish('nobody wants this');
  const kept = await until('the dead letter', async () => {
    const found = await undelivered();
    return found.length > 0 && found;
  });
  expect(kept).toEqual(['nobody wants this']);
  webhook.answer(200);
});
