import { Duration } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Contract } from '../../etl/contract/contract.ts';
import { resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledge } from '../security/acknowledge.ts';

/** What the vault is made for. */
export interface VaultProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
}

/**
 * The keys of protected values: a table of subjects and periods with backups, a table of the keys of its shards without any
 * (what is removed from it is gone), and what wraps those: a key of KMS a data group, and one for the rest.
 */
export class Vault extends Construct {
  readonly table: Table;
  readonly keysTable: Table;
  /** By data group; under the empty name, the vault's own. */
  readonly wrappingKeys: ReadonlyMap<string, Key>;

  constructor(scope: Construct, id: string, { config, contracts }: VaultProps) {
    super(scope, id);
    const { stage, removalPolicy } = config;
    const common = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      // What stands in it is sealed already.
      encryption: TableEncryption.AWS_MANAGED,
      deletionProtection: stage === 'production',
      removalPolicy,
    };
    this.table = new Table(this, 'Table', {
      ...common,
      tableName: resourceName(stage, 'vault'),
      partitionKey: { name: 'shard', type: AttributeType.STRING },
      sortKey: { name: 'name', type: AttributeType.STRING },
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    });
    this.keysTable = new Table(this, 'Keys', {
      ...common,
      tableName: resourceName(stage, 'vault-keys'),
      partitionKey: { name: 'shard', type: AttributeType.STRING },
    });
    acknowledge(
      this.keysTable,
      'AwsSolutions-DDB3',
      'A backup would bring back the keys that a forgetting destroyed: what was forgotten must be unreadable in restored backups, too. Deletion of the table is refused, and the table of what they seal has backups.',
    );
    const key = (name: string, what: string): Key =>
      new Key(this, `Key-${name}`, {
        description: `Assay ${stage}: ${what}`,
        alias: `alias/${resourceName(stage, name)}`,
        enableKeyRotation: true,
        rotationPeriod: Duration.days(365),
        removalPolicy,
      });
    this.wrappingKeys = new Map([
      ['', key('vault', 'who is in the vault')],
      ...groupsOf(contracts).map((group): [string, Key] => [
        group,
        key(`vault-${group}`, `keys of the data group ${group}`),
      ]),
    ]);
  }
}

/** The data groups that contracts name, in order. */
export function groupsOf(contracts: readonly Contract[]): readonly string[] {
  const groups = contracts.flatMap(({ columns }) =>
    columns.flatMap(({ protect }) =>
      protect?.as === 'encrypted' || protect?.as === 'pseudonym' ? [protect.group] : [],
    ),
  );
  return [...new Set(groups)].sort();
}
