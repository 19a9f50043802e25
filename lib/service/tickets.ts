import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledge } from '../security/acknowledge.ts';

/** The table of sessions, of sign-ins under way and of who asked which query: digests and names, gone within days. */
export class Tickets extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, { stage }: StageConfig) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      tableName: resourceName(stage, 'tickets'),
      partitionKey: { name: 'ticket', type: AttributeType.STRING },
      timeToLiveAttribute: 'endsAt',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      // Without it people sign in again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      this.table,
      'AwsSolutions-DDB3',
      'Nothing in it is worth restoring: a session of yesterday must not come back, and who lost theirs signs in again.',
    );
  }
}
