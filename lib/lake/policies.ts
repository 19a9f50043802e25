import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';

/** The table of policies of event datasets, with all that they were before, and with backups: people wrote what stands in it. */
export class Policies extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, { stage, removalPolicy }: StageConfig) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      tableName: resourceName(stage, 'policies'),
      partitionKey: { name: 'shelf', type: AttributeType.STRING },
      sortKey: { name: 'place', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: stage === 'production',
      removalPolicy,
    });
  }
}
