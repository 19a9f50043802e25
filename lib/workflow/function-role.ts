import { Aws } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { POINTERS, SETS } from '../config/key-patterns.ts';
import {
  ANSWERS_PREFIX,
  AUDIENCES,
  type BucketName,
  bucketArn,
  bucketOf,
  DATABASES,
  databasePrefix,
  eraserName,
  executionArns,
  type LakeBucketName,
  regionalArn,
  resourceName,
  resultsPrefix,
  type SecretName,
  secretArn,
  setsDatabase,
  stateMachineArn,
  workgroupName,
} from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledgePatterns } from '../security/acknowledge.ts';
import { tellPrograms } from '../security/statements.ts';
import { usingVault, type VaultParts } from '../security/vault.ts';
import type { Access } from './access/access.ts';

/** What roles are made from, the same for every function. */
export interface Resources {
  readonly config: StageConfig;
  readonly lakeKey: IKey;
  readonly vault: VaultParts;
  /** Buckets encrypted with the lake's key. */
  readonly sensitive: ReadonlySet<BucketName>;
  readonly topicArn: string;
  readonly topicKey: IKey;
}

/** What one role is for. */
export interface FunctionRoleProps extends Resources {
  readonly name: string;
  readonly access: Access;
  readonly logGroup: LogGroup;
}

/** A function's role: what its Access says, its own log and traces, and nothing else. */
export class FunctionRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: FunctionRoleProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      description: `Assay ${props.config.stage}: what ${props.name} may do`,
      // The bucket for Bronze names it, in another stack.
      ...(props.access.erases === undefined ? {} : { roleName: eraserName(props.config.stage) }),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const statements = [
      ...lakeStatements(props),
      ...keyStatements(props),
      ...alertStatements(props),
      ...eventStatements(props),
      ...runStatements(props),
      ...catalogStatements(props),
      ...secretStatements(props),
      ...landingStatements(props),
      ...setsStatements(props),
      ...erasingStatements(props),
      ...ownStatements(props),
      ...telemetryStatements(props.logGroup),
    ];
    for (const statement of statements) this.role.addToPolicy(statement);
    acknowledgePatterns(this, statements);
    this.#mayUseVault(props);
  }

  /** In a policy of its own, since a role's takes 10,240 characters, and there is a key of KMS for each data group. */
  #mayUseVault({ access, vault, config, name }: FunctionRoleProps): void {
    if (access.vault === undefined) return;
    new ManagedPolicy(this, 'Vault', {
      description: `Assay ${config.stage}: what ${name} may do with the keys of protected values`,
      statements: usingVault(vault, access.vault),
      roles: [this.role],
    });
  }
}

function lakeStatements({ config, access }: FunctionRoleProps): PolicyStatement[] {
  const objects = (actions: string[], keys: readonly string[]): PolicyStatement[] =>
    allow(
      actions,
      keys.map((key) => bucketArn(config.stage, bucketOf(key), key)),
    );
  return [
    ...objects(['s3:GetObject'], access.reads),
    ...objects(['s3:PutObject', 's3:AbortMultipartUpload'], access.writes),
    ...objects(['s3:DeleteObject'], access.removes ?? []),
    ...allow(
      ['s3:ListBucket'],
      access.lists.map((bucket) => bucketArn(config.stage, bucket)),
    ),
  ];
}

/** The lake's key, for the buckets that the role works on and through S3 only. */
function keyStatements({ config, access, lakeKey, sensitive }: FunctionRoleProps): PolicyStatement[] {
  const encrypted = (keys: readonly string[]): string[] =>
    [...new Set(keys.map(bucketOf))]
      .filter((bucket: LakeBucketName) => sensitive.has(bucket))
      .map((bucket) => bucketArn(config.stage, bucket));
  const throughS3 = (actions: string[], buckets: string[]): PolicyStatement[] =>
    buckets.length === 0
      ? []
      : [
          new PolicyStatement({
            actions,
            resources: [lakeKey.keyArn],
            conditions: {
              StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.${Aws.URL_SUFFIX}` },
              // S3 names the bucket where it has a bucket key, as these have, and the object where one was put without.
              StringLike: {
                'kms:EncryptionContext:aws:s3:arn': buckets.flatMap((arn) => [arn, `${arn}/*`]),
              },
            },
          }),
        ];
  const isAsking = access.asksSets === true && config.setsFromBytes !== undefined;
  const results = isAsking && sensitive.has('artifacts') ? [bucketArn(config.stage, 'artifacts')] : [];
  return [
    // Finishing a multipart upload reads its parts, so that a writer must be able to decrypt as well.
    ...throughS3(['kms:Decrypt'], [...encrypted([...access.reads, ...access.writes]), ...results]),
    ...throughS3(['kms:GenerateDataKey'], [...encrypted(access.writes), ...results]),
  ];
}

function alertStatements({ access, topicArn, topicKey }: FunctionRoleProps): PolicyStatement[] {
  if (access.alerts !== true) return [];
  return [
    ...allow(['sns:Publish'], [topicArn]),
    ...allow(['kms:Decrypt', 'kms:GenerateDataKey'], [topicKey.keyArn]),
  ];
}

function eventStatements({ access, config }: FunctionRoleProps): PolicyStatement[] {
  return access.events === true ? [tellPrograms(config.stage)] : [];
}

function runStatements({ access, config }: FunctionRoleProps): PolicyStatement[] {
  if (access.startsRuns !== true) return [];
  return [
    ...allow(['states:StartExecution'], [stateMachineArn(config.stage)]),
    ...allow(['states:DescribeExecution'], executionArns(config.stage)),
  ];
}

function catalogStatements({ access, config }: FunctionRoleProps): PolicyStatement[] {
  const wanted: readonly string[] = access.catalog ?? [];
  // All of the stage's databases by one pattern: a role's policy takes 10,240 characters.
  const names = wanted.length === DATABASES.length ? ['*'] : wanted;
  const databases = names.map((name) => `${databasePrefix(config.stage)}${name}`);
  if (databases.length === 0) return [];
  return allow(
    ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'],
    [
      regionalArn('glue', 'catalog'),
      ...databases.flatMap((name) => [
        regionalArn('glue', `database/${name}`),
        regionalArn('glue', `table/${name}/*`),
      ]),
    ],
  );
}

function secretStatements({ access, config }: FunctionRoleProps): PolicyStatement[] {
  const names: SecretName[] = (access.secrets ?? []).filter(
    (name) => name !== 'slack-webhook' || config.hasSlack,
  );
  if (access.lineage === true && config.lineage !== undefined) names.push('openlineage-key');
  return allow(
    ['secretsmanager:GetSecretValue'],
    names.map((name) => `${secretArn(config.stage, name)}-??????`),
  );
}

function landingStatements({ access, config, lakeKey }: FunctionRoleProps): PolicyStatement[] {
  if (access.landing !== true) return [];
  const bucket = bucketArn(config.stage, 'landing');
  return [
    ...allow(['s3:GetObject', 's3:DeleteObject'], [bucketArn(config.stage, 'landing', '*')]),
    ...allow(['s3:ListBucket'], [bucket]),
    new PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: [lakeKey.keyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.${Aws.URL_SUFFIX}` },
        StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucket, `${bucket}/*`] },
      },
    }),
  ];
}

/** Asking Athena, which reads and writes as whoever asks it: tables that come and go, and what is unloaded. */
function setsStatements({ access, config }: FunctionRoleProps): PolicyStatement[] {
  const { stage, setsFromBytes } = config;
  if (access.asksSets !== true || setsFromBytes === undefined) return [];
  const database = setsDatabase(stage);
  return [
    ...allow(
      ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetWorkGroup'],
      [regionalArn('athena', `workgroup/${workgroupName(stage, 'sets')}`)],
    ),
    ...allow(
      ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:CreateTable', 'glue:DeleteTable'],
      [
        regionalArn('glue', 'catalog'),
        regionalArn('glue', `database/${database}`),
        regionalArn('glue', `table/${database}/*`),
      ],
    ),
    // Athena notes beside the results what it unloaded.
    ...allow(
      ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
      [bucketArn(stage, 'artifacts', `${resultsPrefix('sets')}*`)],
    ),
    ...allow(['s3:ListMultipartUploadParts'], [bucketArn(stage, 'ops', SETS)]),
    ...allow(['s3:ListBucket'], [bucketArn(stage, 'artifacts')]),
    ...allow(
      ['s3:GetBucketLocation'],
      (['silver', 'ops', 'artifacts'] as const).map((bucket) => bucketArn(stage, bucket)),
    ),
  ];
}

/** Calling itself. */
function ownStatements({ access, config, name }: FunctionRoleProps): PolicyStatement[] {
  if (access.callsItself !== true) return [];
  return allow(
    ['lambda:InvokeFunction'],
    [regionalArn('lambda', `function:${resourceName(config.stage, name)}`)],
  );
}

/** Removing objects of the lake with every version, and results of queries. */
function erasingStatements({
  access: { erases = [] },
  config: { stage },
}: FunctionRoleProps): PolicyStatement[] {
  if (erases.length === 0) return [];
  const results = [...AUDIENCES.map(resultsPrefix), ANSWERS_PREFIX];
  const buckets = [...new Set(erases.map(bucketOf)), 'artifacts' as const];
  return [
    ...allow(
      ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      [
        ...erases.map((keys) => bucketArn(stage, bucketOf(keys), keys)),
        ...results.map((prefix) => bucketArn(stage, 'artifacts', `${prefix}*`)),
      ],
    ),
    // What readers begin with goes by no mistake either.
    new PolicyStatement({
      effect: Effect.DENY,
      actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      resources: Object.values(POINTERS).map((key) => bucketArn(stage, bucketOf(key), key)),
    }),
    ...allow(
      ['s3:ListBucketVersions'],
      buckets.map((bucket) => bucketArn(stage, bucket)),
    ),
  ];
}

function telemetryStatements(logGroup: LogGroup): PolicyStatement[] {
  return [
    ...allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
    ...allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
  ];
}

function allow(actions: string[], resources: readonly string[]): PolicyStatement[] {
  return resources.length === 0 ? [] : [new PolicyStatement({ actions, resources: [...new Set(resources)] })];
}
