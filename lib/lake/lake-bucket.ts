import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type BucketName, bucketName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledge } from '../security/acknowledge.ts';

/** How one bucket differs from the others. */
export interface LakeBucketProps {
  readonly config: StageConfig;
  readonly name: BucketName | 'trail' | 'landing';
  /** Encrypts with this key; with S3's own where it is absent. */
  readonly key?: IKey;
  readonly lifecycle: readonly LifecycleRule[];
  /** Whether what is replaced or deleted is kept for a while; true unless said. */
  readonly isVersioned?: boolean;
  /** Whether S3 tells EventBridge of every object that is created. */
  readonly sendsEvents?: boolean;
}

/** Days for which a replaced or deleted object can be brought back. */
const NONCURRENT_DAYS = 30;

/** An encrypted bucket, versioned unless said, that answers over TLS only and to nobody in public. */
export class LakeBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: LakeBucketProps) {
    super(scope, id);
    const { config, name, key, lifecycle, isVersioned = true } = props;
    this.bucket = new Bucket(this, 'Bucket', {
      bucketName: bucketName(config.stage, name),
      ...(key === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: isVersioned,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      removalPolicy: config.removalPolicy,
      lifecycleRules: [
        {
          id: 'leave-no-remains',
          abortIncompleteMultipartUploadAfter: Duration.days(7),
          ...(isVersioned
            ? { noncurrentVersionExpiration: Duration.days(NONCURRENT_DAYS), expiredObjectDeleteMarker: true }
            : {}),
        },
        ...lifecycle,
      ],
    });
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'CloudTrail records every read and write of objects with who asked for it; server access logs would say the same again, later and without a guarantee.',
    );
    if (props.sendsEvents === true) {
      // The L2 property eventBridgeEnabled would add a custom resource with a Lambda of its own.
      const bucket = this.bucket.node.defaultChild as CfnBucket;
      bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    }
  }
}
