import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type BucketName, bucketArn, eventBusArn, eventsSource, regionalArn } from '../config/names.ts';
import type { StageConfig, StageName } from '../config/stage-config.ts';
import type { VaultParts } from './vault.ts';

/** What the policies of people are about. */
export interface PeopleProps {
  readonly config: StageConfig;
  readonly lakeKey: IKey;
  /** Of the topic for alerts. */
  readonly topicKey: IKey;
  readonly sensitive: ReadonlySet<BucketName>;
  readonly vault: VaultParts;
}

/** A statement that allows actions on resources. */
export function allow(actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}

/** Lets events of the stage's own source on the account's bus, and no others, so that no notice is false. */
export function tellPrograms(stage: StageName): PolicyStatement {
  return new PolicyStatement({
    actions: ['events:PutEvents'],
    resources: [eventBusArn()],
    // AWS always says the source; an emulator may not, and refuses nothing by it then.
    conditions: { StringEqualsIfExists: { 'events:source': eventsSource(stage) } },
  });
}

/** The lake's key, for those of some buckets that are encrypted with it, and through S3 only. */
export function throughS3(
  { config, lakeKey, sensitive }: Pick<PeopleProps, 'config' | 'lakeKey' | 'sensitive'>,
  actions: string[],
  buckets: readonly (BucketName | 'landing')[],
): PolicyStatement[] {
  const isOurs = (name: BucketName | 'landing'): boolean => name === 'landing' || sensitive.has(name);
  const arns = buckets.filter(isOurs).map((name) => bucketArn(config.stage, name));
  if (arns.length === 0) return [];
  return [
    new PolicyStatement({
      actions,
      resources: [lakeKey.keyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.${Aws.URL_SUFFIX}` },
        StringLike: { 'kms:EncryptionContext:aws:s3:arn': arns.flatMap((arn) => [arn, `${arn}/*`]) },
      },
    }),
  ];
}

/** Reading the outputs of the stage's stack, by which the `assay` command finds everything else. */
export function findStack({ config }: PeopleProps): PolicyStatement {
  return allow(
    ['cloudformation:DescribeStacks'],
    [regionalArn('cloudformation', `stack/Assay-${config.stage}/*`)],
  );
}
