import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

/** S3 asks only requests that make an object for a condition; the parts of a multipart upload can't carry one. */
const CREATES_OBJECT = { Bool: { 's3:ObjectCreationOperation': 'true' } };

/**
 * Makes a bucket write-once: nothing can be written over, and only these roles may delete: that of the function which erases
 * what was adopted, and the break-glass role, where there is one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
export function makeWriteOnce(bucket: Bucket, mayDelete: readonly string[]): void {
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'OthersDeleteNothing',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      resources: [bucket.arnForObjects('*')],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': mayDelete } },
    }),
  );
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'NobodyOverwrites',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects('*')],
      conditions: { Null: { 's3:if-none-match': 'true' }, ...CREATES_OBJECT },
    }),
  );
}

/** Lets what the keys match be written only under a condition: nobody's commit, lease or decision is written over unseen. */
export function requireConditionalWrites(bucket: Bucket, ...keys: readonly string[]): void {
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'WritesAreConditional',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:PutObject'],
      resources: keys.map((pattern) => bucket.arnForObjects(pattern)),
      conditions: { Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' }, ...CREATES_OBJECT },
    }),
  );
}
