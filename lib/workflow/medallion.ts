import { readFileSync } from 'node:fs';
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { CHUNK_LISTS, REWRITE_LISTS, SURVEY_LISTS } from '../config/key-patterns.ts';
import {
  type BucketName,
  bucketArn,
  bucketName,
  executionArns,
  resourceName,
  stateMachineArn,
} from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledge, acknowledgePatterns, NO_RESOURCE } from '../security/acknowledge.ts';
import type { FunctionName } from './access/functions-access.ts';
import type { Functions } from './functions.ts';

/** What the workflow is made of. */
export interface MedallionProps {
  readonly config: StageConfig;
  readonly functions: Functions;
  readonly lakeKey: IKey;
  readonly sensitive: ReadonlySet<BucketName>;
}

const DEFINITION = new URL('../../state-machines/medallion.asl.json', import.meta.url);

/** The placeholders of the definition, and the functions that they stand for. */
const STAGES = {
  PlanArn: 'plan',
  SurveyArn: 'survey',
  AlignArn: 'align',
  RefineArn: 'refine',
  SealArn: 'seal',
  RewriteArn: 'rewrite',
  GateArn: 'gate',
  HoldArn: 'hold',
  PromoteArn: 'promote',
  RefreshGoldArn: 'refresh-gold',
  SweepArn: 'sweep',
  RecordFailureArn: 'record-failure',
  NoteFailureArn: 'note-failure',
} as const satisfies Readonly<Record<string, FunctionName>>;

/** The way of the data as a state machine: the same file that the embedded runner interprets. */
export class Medallion extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { config, functions, lakeKey, sensitive }: MedallionProps) {
    super(scope, id);
    const { stage } = config;
    const name = resourceName(stage, 'medallion');
    const role = new Role(this, 'Role', {
      description: `Assay ${stage}: what the workflow may do`,
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
    });
    const stages = Object.entries(STAGES).map(([placeholder, stageName]) => {
      const { functionArn } = functions.get(stageName);
      return [placeholder, functionArn] as const;
    });
    const statements: PolicyStatement[] = [
      { actions: ['lambda:InvokeFunction'], resources: stages.map(([, arn]) => arn) },
      // The distributed Map starts child executions of the state machine itself and reads its items from the lake.
      { actions: ['states:StartExecution'], resources: [stateMachineArn(stage)] },
      {
        actions: ['states:DescribeExecution', 'states:StopExecution'],
        resources: executionArns(stage),
      },
      {
        actions: ['s3:GetObject'],
        resources: [CHUNK_LISTS, SURVEY_LISTS, REWRITE_LISTS].map((keys) => bucketArn(stage, 'ops', keys)),
      },
      ...(sensitive.has('ops') ? [{ actions: ['kms:Decrypt'], resources: [lakeKey.keyArn] }] : []),
    ].map((statement) => new PolicyStatement(statement));
    for (const statement of statements) role.addToPolicy(statement);
    acknowledgePatterns(this, statements);
    acknowledge(this, 'AwsSolutions-IAM5[Resource::*]', NO_RESOURCE);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(definition(config)),
      definitionSubstitutions: {
        ...Object.fromEntries(stages),
        LakeBucket: bucketName(stage, 'ops'),
        Partition: Aws.PARTITION,
      },
      role,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Log', {
          logGroupName: `/aws/vendedlogs/states/${name}`,
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // Data travels by key, never by value: what is logged holds no record.
        includeExecutionData: true,
      },
    });
  }
}

/** The definition without the spaces that people need, its Maps as wide as the functions of their items allow. */
function definition({ chunksAtOnce }: StageConfig): string {
  const text = readFileSync(DEFINITION, 'utf8');
  return JSON.stringify(
    JSON.parse(text, (name, value) => (name === 'MaxConcurrency' ? chunksAtOnce : value)),
  );
}
