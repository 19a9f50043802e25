import { Aws } from 'aws-cdk-lib';
import type { StageName } from './stage-config.ts';

/**
 * Names and ARNs that follow from the stage alone. The stack of the workflow refers to the buckets of the lake by
 * them: only its key is an export, which the one stack can't change while the other uses it.
 */

/** The buckets of a lake; the first segment of a key chooses one (`condemned` lies with `quarantine`). */
export const LAKE_BUCKETS = ['bronze', 'silver', 'gold', 'quarantine', 'ops'] as const;
export type LakeBucketName = (typeof LAKE_BUCKETS)[number];

/** Every bucket of the platform: the lake's, and one for query results. */
export type BucketName = LakeBucketName | 'artifacts';

/** The Glue databases: one a layer. */
export const DATABASES = ['silver', 'gold', 'projection', 'quarantine', 'condemned', 'ops'] as const;
export type DatabaseName = (typeof DATABASES)[number];

/** `staging`, `bronze` → `assay-staging-bronze-<account>-<region>`: bucket names are shared by all of AWS. */
export function bucketName(stage: StageName, bucket: BucketName | 'trail' | 'landing'): string {
  return `assay-${stage}-${bucket}-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
}

/** ARN of a bucket, or of what a key pattern matches in it. */
export function bucketArn(stage: StageName, bucket: BucketName | 'landing', keys?: string): string {
  const arn = `arn:${Aws.PARTITION}:s3:::${bucketName(stage, bucket)}`;
  return keys === undefined ? arn : `${arn}/${keys}`;
}

/** The bucket that a lake key or key pattern lies in. */
export function bucketOf(key: string): LakeBucketName {
  const first = key.split('/')[0];
  const bucket = first === 'condemned' ? 'quarantine' : LAKE_BUCKETS.find((name) => name === first);
  if (bucket === undefined) throw new Error(`${key} lies in no bucket of the lake.`);
  return bucket;
}

/** `staging` → `assay_staging_`: what the names of its Glue databases begin with. */
export function databasePrefix(stage: StageName): string {
  return `assay_${stage}_`;
}

/** The Glue database of tables that last as long as a question about sets does. */
export const setsDatabase = (stage: StageName): string => `${databasePrefix(stage)}sets`;

/** `staging`, `plan` → `assay-staging-plan`. */
export function resourceName(stage: StageName, name: string): string {
  return `assay-${stage}-${name}`;
}

/** Who queries: each in a workgroup of their own, with results that the others can't read; `sets` are the stages of runs. */
export const AUDIENCES = ['analysts', 'operators', 'service', 'sets'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** `staging`, `analysts` → `assay-staging-analysts`, the workgroup of an audience. */
export const workgroupName = (stage: StageName, audience: Audience): string => resourceName(stage, audience);

/** Prefix of an audience's results in the bucket for artifacts. */
export const resultsPrefix = (audience: Audience): string => `athena-results/${audience}/`;

/** Prefix in the bucket for artifacts of answers that are too large for a function's. */
export const ANSWERS_PREFIX = 'service-answers/';

/** ARN of something in this account and region: `regionalArn('states', 'stateMachine:x')`. */
export function regionalArn(service: string, rest: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${rest}`;
}

/** ARN of the state machine. */
export function stateMachineArn(stage: StageName): string {
  return regionalArn('states', `stateMachine:${resourceName(stage, 'medallion')}`);
}

/** ARN pattern of the state machine's executions, those of its distributed Map included. */
export function executionArns(stage: StageName): string[] {
  const name = resourceName(stage, 'medallion');
  return [regionalArn('states', `execution:${name}:*`), regionalArn('states', `execution:${name}/*`)];
}

/** Name of the role that alone removes from Bronze: of the function that erases what was adopted. */
export const eraserName = (stage: StageName): string => resourceName(stage, 'eraser');

/** Its ARN, which the policy of Bronze's bucket names. */
export const eraserArn = (stage: StageName): string =>
  `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${eraserName(stage)}`;

/** Source of the events that notify programs of publications. */
export const eventsSource = (stage: StageName): string => `assay.${stage}`;

/** ARN of the bus that takes them: the account's own. */
export const eventBusArn = (): string => regionalArn('events', 'event-bus/default');

/** What a stage keeps secret: the key of digests, the address of Slack, the key of a lineage server. */
export type SecretName = 'digest-key' | 'slack-webhook' | 'openlineage-key';

/** Name of a secret of the stage. */
export function secretName(stage: StageName, name: SecretName): string {
  return `assay/${stage}/${name}`;
}

/** ARN of a secret without the six characters that Secrets Manager puts behind its name: enough to read it by. */
export function secretArn(stage: StageName, name: SecretName): string {
  return regionalArn('secretsmanager', `secret:${secretName(stage, name)}`);
}
