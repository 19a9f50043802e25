import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledge } from '../security/acknowledge.ts';
import { SIZES } from '../workflow/sizes.ts';

/** Services that publish to the topic beside the functions: on behalf of this account alone. */
const PUBLISHERS = ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'];
/**
 * EventBridge says neither for which account nor for which rule it publishes to a topic or uses its key: with a condition,
 * the alerts of workflows that died would be lost in silence
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions,
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html). What another account's rule could do is alert us.
 */
const UNCONDITIONAL = 'events.amazonaws.com';

/** The way of an alert: topic → queue → relay-alert, and topic → email. What can't be delivered is kept for two weeks. */
export class AlertPath extends Construct {
  readonly key: Key;
  readonly topic: Topic;
  readonly queue: Queue;
  /** Alerts that could not be relayed. */
  readonly undelivered: Queue;
  /** Events that reached no function, or that a function could not deal with. */
  readonly lostEvents: Queue;

  constructor(scope: Construct, id: string, { config }: { readonly config: StageConfig }) {
    super(scope, id);
    const { stage, email } = config;
    this.key = new Key(this, 'Key', {
      description: `Assay ${stage}: alerts on their way`,
      alias: `alias/${resourceName(stage, 'alerts')}`,
      enableKeyRotation: true,
      // Only messages under way are encrypted with it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topic = new Topic(this, 'Topic', {
      topicName: resourceName(stage, 'alerts'),
      displayName: `Assay ${stage}`,
      masterKey: this.key,
      enforceSSL: true,
    });
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    const ours = PUBLISHERS.map((name) => new ServicePrincipal(name, { conditions }));
    for (const publisher of [...ours, new ServicePrincipal(UNCONDITIONAL)]) {
      this.topic.grantPublish(publisher);
      this.key.grantEncryptDecrypt(publisher);
    }
    this.undelivered = this.#queue('Undelivered', resourceName(stage, 'alerts-undelivered'));
    this.lostEvents = this.#queue('LostEvents', resourceName(stage, 'lost-events'));
    acknowledge(
      this.lostEvents,
      'AwsSolutions-SQS3',
      'It is a dead-letter queue itself: of rules and of asynchronous calls, which cdk-nag does not follow.',
    );
    this.queue = new Queue(this, 'Queue', {
      queueName: resourceName(stage, 'alerts'),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(4),
      // AWS advises six times the time that the function may take.
      visibilityTimeout: Duration.seconds(6 * SIZES['relay-alert'].timeoutSeconds),
      deadLetterQueue: { queue: this.undelivered, maxReceiveCount: 5 },
    });
    this.topic.addSubscription(
      new SqsSubscription(this.queue, { rawMessageDelivery: true, deadLetterQueue: this.undelivered }),
    );
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
  }

  #queue(id: string, queueName: string): Queue {
    return new Queue(this, id, {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
  }
}
