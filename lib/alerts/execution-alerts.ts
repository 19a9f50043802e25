import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Alert, TOLD } from '../../etl/ports.ts';
import { resourceName, stateMachineArn } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';

/** Whom to alert, and where events go when the topic can't be reached. */
export interface ExecutionAlertsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly deadLetters: IQueue;
}

/**
 * Alerts people when the workflow itself dies: no run ends unseen where record-failure could not run, and nobody is
 * alerted twice where it did. The message is an Alert. The event names the dataset only in the execution's input, which
 * is passed on unchanged.
 */
export class ExecutionAlerts extends Construct {
  constructor(scope: Construct, id: string, { config, topic, deadLetters }: ExecutionAlertsProps) {
    super(scope, id);
    new Rule(this, 'execution-ended-badly', {
      ruleName: resourceName(config.stage, 'execution-ended-badly'),
      description: 'A run failed, ran out of time or was stopped',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [stateMachineArn(config.stage)],
          // A failure's cause says if record-failure alerted people. This alerts them of all others.
          $or: [
            { status: ['TIMED_OUT', 'ABORTED'] },
            { status: ['FAILED'], cause: [{ 'anything-but': { prefix: TOLD } }] },
            { status: ['FAILED'], cause: [{ exists: false }] },
          ],
        },
      },
      targets: [
        new SnsTopic(topic, {
          deadLetterQueue: deadLetters,
          message: RuleTargetInput.fromObject(executionAlert()),
        }),
      ],
    });
  }
}

/** The Alert, with places for what the event says. */
function executionAlert(): Alert {
  const runId = EventField.fromPath('$.detail.name');
  const status = EventField.fromPath('$.detail.status');
  return {
    kind: 'run-failed',
    dataset: '',
    runId,
    at: EventField.time,
    title: `The workflow of run ${runId} ended as ${status}.`,
    readersSee: 'Readers see the last snapshot that was published.',
    nextCommand: `assay show ${runId}`,
    details: {
      source: 'aws.states',
      status,
      execution: EventField.fromPath('$.detail.executionArn'),
      input: EventField.fromPath('$.detail.input'),
    },
  };
}
