import { Duration } from 'aws-cdk-lib';
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { resourceName } from '../config/names.ts';
import { FUNCTION_NAMES } from '../workflow/access/functions-access.ts';
import type { AlarmsProps } from './alarms.ts';
import { datasetMetric } from './dataset-metric.ts';

const WIDTH = 12;

/** One page that says whether all is well: runs, records, verdicts, functions, alerts. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: Omit<AlarmsProps, 'topic'>) {
    super(scope, id);
    const { config, contracts, functions, stateMachine, alerts } = props;
    const datasets = contracts.filter(({ layer }) => layer === 'silver').map(({ dataset }) => dataset);
    const each = (metric: string, statistic: string, period = Duration.hours(1)): IMetric[] =>
      datasets.map((dataset) => datasetMetric(metric, dataset, { statistic, period, label: dataset }));
    const all = FUNCTION_NAMES.map((name) => functions.get(name));
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: resourceName(config.stage, 'platform'),
    });
    dashboard.addWidgets(
      new TextWidget({
        width: 2 * WIDTH,
        height: 2,
        markdown: `# Assay ${config.stage}\nRuns of a dataset: \`assay runs --dataset D\`; those that wait for a decision: \`assay runs --held\`.`,
      }),
      graph('Runs', [
        stateMachine.metricStarted({ label: 'started' }),
        stateMachine.metricSucceeded({ label: 'succeeded' }),
        stateMachine.metricFailed({ label: 'failed' }),
        stateMachine.metricTimedOut({ label: 'timed out' }),
      ]),
      graph('Duration of runs, ms', [
        stateMachine.metricTime({ statistic: Stats.p(50), label: 'median' }),
        stateMachine.metricTime({ statistic: Stats.MAXIMUM, label: 'longest' }),
      ]),
      graph('Records in', each('RecordsIn', Stats.SUM)),
      graph('Records published in Silver', each('RecordsSilver', Stats.SUM)),
      graph('Quarantine rate, %', each('QuarantineRate', Stats.MAXIMUM)),
      graph('Records condemned', each('RecordsCondemned', Stats.SUM)),
      graph('Runs held', each('RunsHeld', Stats.SUM)),
      graph('Stale datasets, missing seals', [
        ...each('StaleDatasets', Stats.MAXIMUM),
        ...each('MissingSeals', Stats.MAXIMUM),
      ]),
      graph(
        'Errors of functions',
        all.map((one) => one.metricErrors()),
      ),
      graph(
        'Throttles of functions',
        all.map((one) => one.metricThrottles()),
      ),
      graph('Alerts on their way', [
        alerts.queue.metricNumberOfMessagesSent({ label: 'sent' }),
        alerts.queue.metricApproximateAgeOfOldestMessage({ label: 'age of the oldest, s' }),
        alerts.undelivered.metricApproximateNumberOfMessagesVisible({ label: 'undelivered' }),
        alerts.lostEvents.metricApproximateNumberOfMessagesVisible({ label: 'events lost' }),
      ]),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: WIDTH, height: 6 });
}
