import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { PublishedEvent } from '../../etl/events/published-event.ts';
import { outboxPrefix } from '../../etl/naming/told.ts';
import { assay } from '../cli/assay.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { transactions } from './support/transactions.ts';
import { until } from './support/until.ts';

/** What a program hears that has a rule on the account's default bus. */

const DATASET = 'mortgages.transactions';
const RULE = 'assay-test-published';

const bus = new EventBridgeClient();
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
let platform: Platform;
let queueUrl: string;
const heard: { readonly source: string; readonly event: PublishedEvent }[] = [];

beforeAll(async () => {
  platform = await connect('events');
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: RULE }));
  queueUrl = QueueUrl;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const pattern = {
    source: ['assay.staging'],
    'detail-type': ['assay.published'],
    detail: { dataset: [DATASET] },
  };
  await bus.send(new PutRuleCommand({ Name: RULE, EventPattern: JSON.stringify(pattern) }));
  await bus.send(
    new PutTargetsCommand({ Rule: RULE, Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn ?? '' }] }),
  );
});
afterAll(async () => {
  await bus.send(new RemoveTargetsCommand({ Rule: RULE, Ids: ['queue'] }));
  await bus.send(new DeleteRuleCommand({ Name: RULE }));
  await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
});

const Envelope = z.object({
  source: z.string(),
  'detail-type': z.literal('assay.published'),
  detail: z.unknown(),
});

/** Takes what came into the queue. */
async function listen(): Promise<void> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
  );
  for (const { Body = '', ReceiptHandle } of Messages) {
    const { source, detail } = Envelope.parse(JSON.parse(Body));
    heard.push({ source, event: PublishedEvent.parse(detail) });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  }
}

const told = (what: string, of: (event: PublishedEvent) => boolean): Promise<PublishedEvent> =>
  until(`an event ${what}`, async () => {
    await listen();
    return heard.map(({ event }) => event).find(of);
  });

test('a run is told to rules on the default bus, and so is what an operator takes back', async () => {
  const runs = [];
  for (const name of ['told-a', 'told-b']) {
    const [record] = await platform.dropAndSettle(DATASET, { [`${name}.csv`]: transactions(name, 120) });
    runs.push(record);
    const event = await told(`of ${name}`, ({ run }) => run === record?.runId);
    const pointer = await platform.pointer('silver', DATASET);
    expect(event).toMatchObject({
      operation: record?.runId,
      version: pointer?.version,
      snapshot: record?.snapshotId,
    });
    expect(event.months.length).toBeGreaterThan(0);
  }
  expect(new Set(heard.map(({ source }) => source))).toEqual(new Set(['assay.staging']));
  const [first, second] = runs;
  const operator = await person('events-operator', ['operator']);
  const back = await assay(
    [
      'rollback',
      DATASET,
      '--to',
      String(first?.snapshotId),
      '--reason',
      'a test',
      '--by',
      'ann',
      '--target',
      'aws',
    ],
    { cwd: ROOT, env: operator },
  );
  expect({ code: back.code, err: back.err }).toEqual({ code: 0, err: '' });
  const event = await told(
    'of the rollback',
    ({ operation }) => operation !== first?.runId && operation !== second?.runId,
  );
  expect(event).toMatchObject({
    run: first?.runId,
    snapshot: first?.snapshotId,
    before: { snapshot: second?.snapshotId },
  });
  expect(await platform.store.list(outboxPrefix(DATASET))).toEqual([]);
});

test('what the bus refuses is kept, and told by the next run in its order', async () => {
  const name = 'refresh-gold';
  const [kept] = await platform.denying(name, 'events:PutEvents', () =>
    platform.dropAndSettle(DATASET, { 'kept-by-the-bus.csv': transactions('kept-by-the-bus', 120) }),
  );
  expect(kept?.status).toBe('promoted');
  await listen();
  expect(heard.filter(({ event }) => event.run === kept?.runId)).toEqual([]);
  expect(await platform.store.list(outboxPrefix(DATASET))).toHaveLength(1);
  const [next] = await platform.dropAndSettle(DATASET, {
    'after-the-bus.csv': transactions('after-the-bus', 120),
  });
  await told('of the next run', ({ run }) => run === next?.runId);
  expect(heard.slice(-2).map(({ event }) => event.run)).toEqual([kept?.runId, next?.runId]);
});
