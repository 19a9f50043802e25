import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import { resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';

/** Who gets the budget's alerts. */
export interface BudgetProps {
  readonly config: StageConfig;
  readonly topicArn: string;
}

const THRESHOLDS_PERCENT = [50, 80, 100] as const;

/**
 * Alerts people at 50, 80 and 100 % of the month's budget. It counts the whole account, since each stage has its own,
 * so it misses no cost for want of a tag.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { config, topicArn }: BudgetProps) {
    super(scope, id);
    const subscribers = [
      { subscriptionType: 'SNS', address: topicArn },
      ...(config.email === undefined ? [] : [{ subscriptionType: 'EMAIL', address: config.email }]),
    ];
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: resourceName(config.stage, 'monthly'),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: config.monthlyBudgetUsd, unit: 'USD' },
      },
      notificationsWithSubscribers: THRESHOLDS_PERCENT.map((threshold) => ({
        notification: {
          notificationType: 'ACTUAL',
          comparisonOperator: 'GREATER_THAN',
          thresholdType: 'PERCENTAGE',
          threshold,
        },
        subscribers,
      })),
    });
  }
}
