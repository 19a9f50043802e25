import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Contract, SourceContract } from '../../etl/contract/contract.ts';
import { resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { FUNCTION_NAMES, type FunctionName } from '../workflow/access/functions-access.ts';
import type { Functions } from '../workflow/functions.ts';
import type { AlertPath } from './alert-path.ts';
import { datasetMetric, platformMetric } from './dataset-metric.ts';

/** What to watch, and whom to alert. */
export interface AlarmsProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
  readonly functions: Functions;
  readonly stateMachine: StateMachine;
  readonly alerts: AlertPath;
  readonly topic: ITopic;
}

/** When to tell people: `metric` at or above `threshold`. */
interface Watch {
  readonly name: string;
  /** What it means and what to do; people read it in the alert. */
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold: number;
}

/** Stages are retried, and a stage that fails for good fails its run: only many errors say more than that. */
const STAGE_ERRORS = 10;
const RETRIED: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'plan',
  'refine',
  'seal',
  'gate',
  'hold',
  'promote',
  'refresh-gold',
  'sweep',
]);
const OLDEST_MESSAGE_SECONDS = 900;

/** Every alarm of the platform; each tells the alerts topic, and again when it is over. No data is no alarm. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const sources = props.contracts.filter((contract) => contract.layer === 'silver');
    const watches = [
      ...workflowWatches(props),
      ...functionWatches(props),
      ...queueWatches(props),
      LANDING_WATCH,
      ...sources.flatMap(datasetWatches),
    ];
    const action = new SnsAction(props.topic);
    for (const { name, description, metric, threshold } of watches) {
      const alarm = new Alarm(this, name, {
        alarmName: resourceName(props.config.stage, name),
        alarmDescription: description,
        metric,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }
}

function workflowWatches({ stateMachine }: AlarmsProps): Watch[] {
  const period = Duration.minutes(5);
  const what = 'Look with `assay runs`; readers keep the last snapshot that was published.';
  return [
    {
      name: 'executions-failed',
      description: `A run failed. ${what}`,
      metric: stateMachine.metricFailed({ period }),
      threshold: 1,
    },
    {
      name: 'executions-timed-out',
      description: `A run did not end within six hours. ${what}`,
      metric: stateMachine.metricTimedOut({ period }),
      threshold: 1,
    },
    {
      name: 'executions-aborted',
      description: `Somebody stopped a run. ${what}`,
      metric: stateMachine.metricAborted({ period }),
      threshold: 1,
    },
  ];
}

function functionWatches({ functions }: AlarmsProps): Watch[] {
  const period = Duration.minutes(5);
  return FUNCTION_NAMES.flatMap((name) => [
    {
      name: `${name}-errors`,
      description: `${name} throws errors. Look into its log, /aws/lambda/<function>.`,
      metric: functions.get(name).metricErrors({ period }),
      threshold: RETRIED.has(name) ? STAGE_ERRORS : 1,
    },
    {
      name: `${name}-throttles`,
      description: `${name} is called more often than its reserved concurrency allows; work is delayed, none is lost. Raise it in lib/workflow/sizes.ts if this stays.`,
      metric: functions.get(name).metricThrottles({ period }),
      threshold: STAGE_ERRORS,
    },
  ]);
}

/** protect counts once an hour; two hours hold at least one value. */
const LANDING_WATCH: Watch = {
  name: 'landing-waiting',
  description:
    'A file has lain in the landing bucket for three hours, and is in the clear there; a day after it was dropped it is removed, and reaches no table. Its alert says why (`drop-refused` in ops.alerts), or the log of protect: docs/operations.md, "A file waits in the landing bucket".',
  metric: platformMetric('LandedFilesWaiting', { period: Duration.hours(2), statistic: Stats.MAXIMUM }),
  threshold: 1,
};

function queueWatches({ alerts }: AlarmsProps): Watch[] {
  const period = Duration.minutes(5);
  const dead = (name: string, queue: AlertPath['queue'], what: string): Watch => ({
    name,
    description: what,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    threshold: 1,
  });
  return [
    dead(
      'alerts-undelivered',
      alerts.undelivered,
      'An alert could not be relayed. Look into the log of relay-alert, then start the redrive of the queue.',
    ),
    dead(
      'events-lost',
      alerts.lostEvents,
      'An event could not be dealt with. The daily sweep picks its file up; look at the message for the cause.',
    ),
    {
      name: 'alerts-waiting',
      description: 'An alert has waited for a quarter of an hour to be relayed. Look at relay-alert.',
      metric: alerts.queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
      threshold: OLDEST_MESSAGE_SECONDS,
    },
  ];
}

function datasetWatches({ dataset, limits }: SourceContract): Watch[] {
  const name = dataset.replace('.', '-');
  const five = Duration.minutes(5);
  // check-health measures once an hour; two hours hold at least one value.
  const hours = Duration.hours(2);
  const watch = (metric: string, period: Duration): Metric =>
    datasetMetric(metric, dataset, { period, statistic: Stats.MAXIMUM });
  return [
    {
      name: `${name}-held`,
      description: `A run of ${dataset} waits for a person's decision: \`assay runs --held\`.`,
      metric: watch('RunsHeld', five),
      threshold: 1,
    },
    {
      name: `${name}-quarantine-rate`,
      description: `${limits.maxQuarantineRate * 100} % of the records of a run of ${dataset} or more were quarantined: ask its owner.`,
      metric: watch('QuarantineRate', five),
      threshold: limits.maxQuarantineRate * 100,
    },
    {
      name: `${name}-condemned`,
      description: `${limits.maxCondemned} records of a run of ${dataset} or more were condemned: ask its owner.`,
      metric: watch('RecordsCondemned', five),
      threshold: limits.maxCondemned,
    },
    {
      name: `${name}-stale`,
      description: `${dataset} was not published within what its contract promises. Has its source dropped files? Is a run held?`,
      metric: watch('StaleDatasets', hours),
      threshold: 1,
    },
    {
      name: `${name}-seal-missing`,
      description: `A run of ${dataset} published without its seal being there: look at \`assay runs --dataset ${dataset}\`.`,
      metric: watch('MissingSeals', hours),
      threshold: 1,
    },
  ];
}
