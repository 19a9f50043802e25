import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import type { Contract } from '../etl/contract/contract.ts';
import { Alarms } from './alerts/alarms.ts';
import { AlertPath } from './alerts/alert-path.ts';
import { Dashboard } from './alerts/dashboard.ts';
import { ExecutionAlerts } from './alerts/execution-alerts.ts';
import {
  bucketName,
  databasePrefix,
  eventsSource,
  resourceName,
  secretArn,
  workgroupName,
} from './config/names.ts';
import type { StageConfig } from './config/stage-config.ts';
import { sensitiveBuckets } from './lake/sensitive-buckets.ts';
import type { LakeStack } from './lake-stack.ts';
import { Workgroups } from './query/workgroups.ts';
import { Budget } from './security/budget.ts';
import { People } from './security/people.ts';
import { Service } from './service/service.ts';
import type { CodeSource } from './workflow/code-source.ts';
import { Functions, wrappingKeysText } from './workflow/functions.ts';
import { Medallion } from './workflow/medallion.ts';
import { Triggers } from './workflow/triggers.ts';

/** What the platform is made of. */
export interface PlatformStackProps extends StackProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
  readonly contractsDigest: string;
  readonly lake: LakeStack;
  readonly code: CodeSource;
}

/** What a release changes: functions, workflow, triggers, alerts, queries. It holds no data and can be made anew. */
export class PlatformStack extends Stack {
  constructor(scope: Construct, id: string, props: PlatformStackProps) {
    super(scope, id, props);
    const { config, contracts, contractsDigest, lake, code } = props;
    this.addStackDependency(lake);
    const sensitive = sensitiveBuckets(contracts);
    const alerts = new AlertPath(this, 'Alerts', { config });
    const functions = new Functions(this, 'Functions', {
      config,
      code,
      sensitive,
      lakeKey: lake.key,
      vault: lake.vault,
      topicArn: alerts.topic.topicArn,
      topicKey: alerts.key,
      deadLetters: alerts.lostEvents,
    });
    functions
      .get('relay-alert')
      .addEventSource(
        new SqsEventSource(alerts.queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 2 }),
      );
    const { stateMachine } = new Medallion(this, 'Workflow', {
      config,
      functions,
      lakeKey: lake.key,
      sensitive,
    });
    new Triggers(this, 'Triggers', { config, functions, deadLetters: alerts.lostEvents });
    new ExecutionAlerts(this, 'ExecutionAlerts', {
      config,
      topic: alerts.topic,
      deadLetters: alerts.lostEvents,
    });
    const watched = { config, contracts, functions, stateMachine, alerts };
    new Alarms(this, 'Alarms', { ...watched, topic: alerts.topic });
    new Dashboard(this, 'Dashboard', watched);
    // The name by which its parts were deployed.
    new Workgroups(this, 'Analysts', {
      config,
      contracts,
      lakeKey: lake.key,
      sensitive,
    });
    new People(this, 'People', {
      config,
      lakeKey: lake.key,
      topicKey: alerts.key,
      sensitive,
      vault: lake.vault,
    });
    const service = new Service(this, 'Service', {
      config,
      handler: functions.get('service'),
      lakeKey: lake.key,
      topicKey: alerts.key,
      sensitive,
      dataGroups: [...lake.vault.wrappingKeys.keys()].filter((group) => group !== ''),
    });
    new Budget(this, 'Budget', { config, topicArn: alerts.topic.topicArn });
    this.#output({
      BronzeBucket: bucketName(config.stage, 'bronze'),
      SilverBucket: bucketName(config.stage, 'silver'),
      GoldBucket: bucketName(config.stage, 'gold'),
      QuarantineBucket: bucketName(config.stage, 'quarantine'),
      OpsBucket: bucketName(config.stage, 'ops'),
      ArtifactsBucket: bucketName(config.stage, 'artifacts'),
      LandingBucket: bucketName(config.stage, 'landing'),
      PoliciesTable: resourceName(config.stage, 'policies'),
      VaultTable: resourceName(config.stage, 'vault'),
      VaultKeysTable: resourceName(config.stage, 'vault-keys'),
      VaultWrappingKeys: wrappingKeysText(lake.vault.wrappingKeys),
      DatabasePrefix: databasePrefix(config.stage),
      AlertsTopicArn: alerts.topic.topicArn,
      AlertsQueueUrl: alerts.queue.queueUrl,
      StateMachineArn: stateMachine.stateMachineArn,
      Workgroup: workgroupName(config.stage, 'analysts'),
      OperatorsWorkgroup: workgroupName(config.stage, 'operators'),
      StartRunFunction: functions.get('start-run').functionName,
      EraseFunction: functions.get('erase').functionName,
      EventsSource: eventsSource(config.stage),
      ...(config.lineage === undefined
        ? {}
        : { LineageUrl: config.lineage.url, LineageNamespace: config.lineage.namespace }),
      DigestKeySecretArn: secretArn(config.stage, 'digest-key'),
      ContractsDigest: contractsDigest,
      ServiceUrl: service.url,
      SignInIssuer: service.signIn.settings.issuer,
      SignInClient: service.signIn.settings.clientId,
      ...(service.signIn.settings.userPoolId === undefined
        ? {}
        : { UserPoolId: service.signIn.settings.userPoolId }),
      Release: config.release,
    });
  }

  /** What the `assay` command reads from the stack. */
  #output(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}
