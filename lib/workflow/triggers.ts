import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Match, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { bucketName, resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import type { Functions } from './functions.ts';

/** What is triggered, and where events go that can't be delivered. */
export interface TriggersProps {
  readonly config: StageConfig;
  readonly functions: Functions;
  readonly deadLetters: IQueue;
}

/** One thing that calls a function. */
interface Trigger {
  readonly id: string;
  readonly description: string;
  readonly when: { readonly eventPattern: EventPattern } | { readonly schedule: Schedule };
  readonly calls: LambdaFunction;
  readonly input?: object;
}

/** What starts work: a file that lands in Bronze, and the clock. */
export class Triggers extends Construct {
  constructor(scope: Construct, id: string, { config, functions, deadLetters }: TriggersProps) {
    super(scope, id);
    for (const trigger of triggersOf(config, functions)) {
      new Rule(this, trigger.id, {
        ruleName: resourceName(config.stage, trigger.id),
        description: trigger.description,
        ...trigger.when,
        targets: [
          new LambdaTarget(trigger.calls, {
            deadLetterQueue: deadLetters,
            retryAttempts: 8,
            maxEventAge: Duration.hours(6),
            ...(trigger.input === undefined ? {} : { event: RuleTargetInput.fromObject(trigger.input) }),
          }),
        ],
      });
    }
  }
}

function triggersOf({ stage, tends }: StageConfig, functions: Functions): Trigger[] {
  const landed: EventPattern = {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: { bucket: { name: [bucketName(stage, 'landing')] } },
  };
  const landingExpired: EventPattern = {
    source: ['aws.s3'],
    detailType: ['Object Deleted'],
    detail: { bucket: { name: [bucketName(stage, 'landing')] }, reason: ['Lifecycle Expiration'] },
  };
  const objectCreated: EventPattern = {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: {
      bucket: { name: [bucketName(stage, 'bronze')] },
      object: { key: Match.prefix('bronze/') },
    },
  };
  return [
    {
      id: 'file-landed',
      description: 'A file of a protected dataset was dropped in the landing bucket',
      when: { eventPattern: landed },
      calls: functions.get('protect'),
    },
    {
      id: 'landing-expired',
      description: 'A file was removed from the landing bucket after a day: nobody protects it any more',
      when: { eventPattern: landingExpired },
      calls: functions.get('protect'),
    },
    {
      id: 'landing-sweep',
      description: 'Every hour: what still lies in the landing bucket, should an event have come to nothing',
      when: { schedule: Schedule.rate(Duration.hours(1)) },
      calls: functions.get('protect'),
      input: { sweep: true },
    },
    {
      id: 'file-dropped',
      description: 'A source file landed in Bronze',
      when: { eventPattern: objectCreated },
      calls: functions.get('start-run'),
    },
    {
      id: 'daily-sweep',
      description: 'Every day at 02:00 UTC: every dataset with files pending, should an event have been lost',
      when: { schedule: Schedule.cron({ hour: '2', minute: '0' }) },
      calls: functions.get('start-run'),
      input: { sweep: true },
    },
    {
      id: 'reconcile-catalog',
      description: 'Every hour: the Glue tables follow the pointers, should a run have died between the two',
      when: { schedule: Schedule.rate(Duration.hours(1)) },
      calls: functions.get('reconcile-catalog'),
      input: {},
    },
    {
      id: 'check-health',
      description: 'Every hour: what is amiss with a dataset or a Gold table is told, once',
      when: { schedule: Schedule.rate(Duration.hours(1)) },
      calls: functions.get('check-health'),
      input: {},
    },
    ...(tends ? [tending(functions)] : []),
  ];
}

function tending(functions: Functions): Trigger {
  return {
    id: 'tend',
    description: 'Every day at 03:30 UTC: upkeep of the tables, as the contracts say',
    when: { schedule: Schedule.cron({ hour: '3', minute: '30' }) },
    calls: functions.get('tend'),
    input: {},
  };
}
