import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Session } from './session.ts';
import { until } from './until.ts';

const AlertMessage = z.looseObject({
  kind: z.string(),
  dataset: z.string(),
  runId: z.string(),
  title: z.string(),
  readersSee: z.string(),
  nextCommand: z.string(),
  details: z.record(z.string(), z.unknown()),
});
/** An alert as it came out of the queue. */
export type AlertMessage = z.infer<typeof AlertMessage>;

/** A queue of the tests' own that hears every alert, as a second team would subscribe to the topic. */
export interface Inbox {
  /** The alerts so far that fit, once there is one, and once nothing more has come for two seconds. */
  heard(what: string, fits: (alert: AlertMessage) => boolean, limitMs?: number): Promise<AlertMessage[]>;
  /** Everything that came, in order. */
  all(): Promise<AlertMessage[]>;
}

/** Makes the queue and subscribes it to the alerts topic, raw. */
export async function openInbox({ outputs }: Session, name: string): Promise<Inbox> {
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  const sns = new SNSClient();
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const arn = Attributes.QueueArn ?? '';
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn,
        Condition: { ArnEquals: { 'aws:SourceArn': outputs.AlertsTopicArn } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await sns.send(
    new SubscribeCommand({
      TopicArn: outputs.AlertsTopicArn,
      Protocol: 'sqs',
      Endpoint: arn,
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  const alerts: AlertMessage[] = [];
  /** Takes what is there; whether anything was. */
  const drain = async (waitSeconds: number): Promise<boolean> => {
    const receive = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: waitSeconds,
    });
    const { Messages = [] } = await sqs.send(receive);
    for (const { Body = '', ReceiptHandle } of Messages) {
      const parsed = AlertMessage.safeParse(jsonOf(Body));
      if (parsed.success) alerts.push(parsed.data);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return Messages.length > 0;
  };
  const settle = async (): Promise<void> => {
    while (await drain(2));
  };
  return {
    heard: async (what, fits, limitMs) => {
      await until(
        `an alert: ${what}`,
        async () => alerts.some(fits) || ((await drain(1)) && alerts.some(fits)),
        limitMs,
      );
      await settle();
      return alerts.filter(fits);
    },
    all: async () => {
      await settle();
      return [...alerts];
    },
  };
}

/** Alarms and budgets write to the same topic, in forms of their own. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
