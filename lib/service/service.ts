import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SENT_PREFIX } from '../../etl/naming/landing.ts';
import {
  ANSWERS_PREFIX,
  type BucketName,
  bucketArn,
  bucketName,
  DATABASES,
  databasePrefix,
  regionalArn,
  resourceName,
  resultsPrefix,
  workgroupName,
} from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledgePatterns } from '../security/acknowledge.ts';
import { allow, throughS3 } from '../security/statements.ts';
import { HttpApi } from './http-api.ts';
import { SignIn } from './sign-in.ts';
import { Tickets } from './tickets.ts';

/** What the service is made of. */
export interface ServiceProps {
  readonly config: StageConfig;
  /** The function that answers its requests. */
  readonly handler: LambdaFunction;
  readonly lakeKey: IKey;
  readonly topicKey: IKey;
  readonly sensitive: ReadonlySet<BucketName>;
  /** Data groups that contracts name. */
  readonly dataGroups: readonly string[];
}

/** The console and the API at an address of their own, with sessions, and with people who are known. */
export class Service extends Construct {
  readonly url: string;
  readonly signIn: SignIn;

  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id);
    const { config, handler, dataGroups } = props;
    const { stage } = config;
    const api = new HttpApi(this, 'Http', config);
    this.url = config.serviceUrl ?? api.url;
    this.signIn = new SignIn(this, 'SignIn', { config, serviceUrl: this.url, dataGroups });
    const { table } = new Tickets(this, 'Tickets', config);
    const { issuer, audience, clientId, rolesClaim, nameClaims } = this.signIn.settings;
    const environment = {
      ASSAY_SERVICE_URL: this.url,
      ASSAY_SESSION_HOURS: String(config.sessionHours),
      ASSAY_TICKETS_TABLE: table.tableName,
      ASSAY_POLICIES_TABLE: resourceName(stage, 'policies'),
      ASSAY_ANSWERS_BUCKET: bucketName(stage, 'artifacts'),
      ASSAY_ANSWERS_PREFIX: ANSWERS_PREFIX,
      ASSAY_LANDING_BUCKET: bucketName(stage, 'landing'),
      ASSAY_WORKGROUP: workgroupName(stage, 'service'),
      ASSAY_START_FUNCTION: resourceName(stage, 'start-run'),
      ASSAY_OIDC_ISSUER: issuer,
      ASSAY_OIDC_AUDIENCE: audience,
      ASSAY_OIDC_CLIENT_ID: clientId,
      ASSAY_OIDC_ROLES_CLAIM: rolesClaim,
      ASSAY_OIDC_NAME_CLAIMS: nameClaims.join(' '),
      ASSAY_RELEASE: config.release,
    };
    for (const [name, value] of Object.entries(environment)) handler.addEnvironment(name, value);
    const statements = [
      ...asking(props),
      ...takingFiles(props),
      allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'], [table.tableArn]),
      allow(
        ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'],
        [regionalArn('dynamodb', `table/${resourceName(stage, 'policies')}`)],
      ),
      allow(
        ['lambda:InvokeFunction'],
        [regionalArn('lambda', `function:${resourceName(stage, 'start-run')}`)],
      ),
    ];
    for (const statement of statements) handler.addToRolePolicy(statement);
    if (handler.role !== undefined) acknowledgePatterns(handler.role, statements);
    api.handTo(handler);
  }
}

/** Asking in the service's own workgroup, whose results nobody else reads, and keeping large answers beside them. */
function asking(props: ServiceProps): PolicyStatement[] {
  const { stage } = props.config;
  const prefix = databasePrefix(stage);
  const under = (one: string): string => bucketArn(stage, 'artifacts', `${one}*`);
  const objects = [resultsPrefix('service'), ANSWERS_PREFIX].map(under);
  return [
    allow(
      [
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:GetWorkGroup',
      ],
      [regionalArn('athena', `workgroup/${workgroupName(stage, 'service')}`)],
    ),
    allow(
      ['glue:GetDatabase', 'glue:GetTables'],
      [
        regionalArn('glue', 'catalog'),
        ...DATABASES.flatMap((name) => [
          regionalArn('glue', `database/${prefix}${name}`),
          regionalArn('glue', `table/${prefix}${name}/*`),
        ]),
      ],
    ),
    allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], objects),
    allow(['s3:ListBucket', 's3:GetBucketLocation'], [bucketArn(stage, 'artifacts')]),
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], ['artifacts']),
  ];
}

/** Taking files that are sent to the bucket for landing, and handing those of protected datasets on to protect there. */
function takingFiles(props: ServiceProps): PolicyStatement[] {
  const inLanding = (keys?: string): string => bucketArn(props.config.stage, 'landing', keys);
  const sent = inLanding(`${SENT_PREFIX}*`);
  return [
    allow(['s3:GetObject', 's3:DeleteObject'], [sent]),
    allow(['s3:PutObject', 's3:AbortMultipartUpload'], [inLanding('*')]),
    // Which also tells what is missing from what is forbidden.
    allow(['s3:ListBucket'], [inLanding()]),
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], ['landing']),
  ];
}
