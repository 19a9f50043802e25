import { Aws, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnOIDCProvider, FederatedPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { RUN_RECORDS, SOURCE_FILES } from './config/key-patterns.ts';
import { bucketArn, regionalArn, resourceName } from './config/names.ts';
import type { StageName } from './config/stage-config.ts';
import { acknowledgePatterns } from './security/acknowledge.ts';

/** Who may deploy from where. */
export interface DeliveryStackProps extends StackProps {
  readonly stage: StageName;
  /** `owner/name` on GitHub. */
  readonly repository: string;
}

const ISSUER = 'token.actions.githubusercontent.com';

/** What `cdk bootstrap` puts into the names of its roles, unless told otherwise. */
const QUALIFIER = 'hnb659fds';

/**
 * Lets GitHub's workflows deploy one stage without a stored password. A job in the environment named for the stage gets
 * a role that may take on the roles of `cdk bootstrap` and run the smoke test; the job that shows what a pull request would
 * change gets one that reads the stage's templates, and no job of a pull request itself gets any.
 */
export class DeliveryStack extends Stack {
  readonly #provider: CfnOIDCProvider;

  constructor(scope: Construct, id: string, { stage, repository, ...props }: DeliveryStackProps) {
    super(scope, id, props);
    this.#provider = new CfnOIDCProvider(this, 'GitHub', {
      url: `https://${ISSUER}`,
      clientIdList: ['sts.amazonaws.com'],
    });
    this.#role(resourceName(stage, 'deploy'), `repo:${repository}:environment:${stage}`, [
      assumeBootstrapRoles(['deploy-role', 'file-publishing-role', 'lookup-role']),
      ...smokeTest(stage),
    ]);
    // An environment that main alone may use: what a pull request runs is its branch's, the workflow file included.
    this.#role(resourceName(stage, 'diff'), `repo:${repository}:environment:${stage}-diff`, [
      new PolicyStatement({
        actions: ['cloudformation:GetTemplate'],
        resources: [`Assay-${stage}-Lake`, `Assay-${stage}`].map((name) =>
          regionalArn('cloudformation', `stack/${name}/*`),
        ),
      }),
    ]);
  }

  #role(roleName: string, subject: string, statements: readonly PolicyStatement[]): void {
    const role = new Role(this, roleName, {
      roleName,
      description: `What GitHub may do as ${subject}`,
      maxSessionDuration: Duration.hours(1),
      assumedBy: new FederatedPrincipal(
        this.#provider.attrArn,
        { StringEquals: { [`${ISSUER}:aud`]: 'sts.amazonaws.com', [`${ISSUER}:sub`]: subject } },
        'sts:AssumeRoleWithWebIdentity',
      ),
    });
    for (const statement of statements) role.addToPolicy(statement);
    acknowledgePatterns(role, statements);
    new CfnOutput(this, `${roleName}-arn`, { value: role.roleArn });
  }
}

function assumeBootstrapRoles(names: readonly string[]): PolicyStatement {
  const roleArn = (name: string): string =>
    `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/cdk-${QUALIFIER}-${name}-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
  return new PolicyStatement({ actions: ['sts:AssumeRole'], resources: names.map(roleArn) });
}

/** What scripts/smoke.ts does: bring one source file, and read the records of runs until one has published it. */
function smokeTest(stage: StageName): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['cloudformation:DescribeStacks'],
      resources: [regionalArn('cloudformation', `stack/Assay-${stage}/*`)],
    }),
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [bucketArn(stage, 'bronze'), bucketArn(stage, 'ops')],
    }),
    new PolicyStatement({
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [bucketArn(stage, 'bronze', SOURCE_FILES)],
    }),
    new PolicyStatement({
      actions: ['s3:GetObject'],
      resources: [bucketArn(stage, 'ops', RUN_RECORDS)],
    }),
    new PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [regionalArn('kms', 'key/*')],
      conditions: {
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${resourceName(stage, 'lake')}` },
        StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.${Aws.URL_SUFFIX}` },
      },
    }),
  ];
}
