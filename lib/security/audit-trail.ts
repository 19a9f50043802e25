import { Duration } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type Bucket, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { regionalArn, resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { LakeBucket } from '../lake/lake-bucket.ts';
import type { LakeStorage } from '../lake/lake-storage.ts';

/** Whose objects are watched. */
export interface AuditTrailProps {
  readonly config: StageConfig;
  readonly storage: LakeStorage;
}

/** As long as condemned records are kept. */
const KEPT_DAYS = 7 * 365 + 2;

/** CloudTrail: who changed what in the account, and who read or wrote which object of the lake. */
export class AuditTrail extends Construct {
  constructor(scope: Construct, id: string, { config, storage }: AuditTrailProps) {
    super(scope, id);
    const trailName = resourceName(config.stage, 'lake');
    const { bucket } = new LakeBucket(this, 'Log', {
      config,
      name: 'trail',
      lifecycle: [
        {
          id: 'kept-7-years',
          transitions: [
            { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) },
          ],
          expiration: Duration.days(KEPT_DAYS),
        },
      ],
    });
    letCloudTrailWrite(bucket, regionalArn('cloudtrail', `trail/${trailName}`));
    const trail = new CfnTrail(this, 'Trail', {
      trailName,
      s3BucketName: bucket.bucketName,
      isLogging: true,
      enableLogFileValidation: true,
      includeGlobalServiceEvents: true,
      isMultiRegionTrail: false,
      eventSelectors: [
        {
          readWriteType: 'All',
          includeManagementEvents: true,
          dataResources: [
            {
              type: 'AWS::S3::Object',
              values: Object.values(storage.buckets).map((lakeBucket) => lakeBucket.arnForObjects('')),
            },
          ],
        },
      ],
    });
    if (bucket.policy !== undefined) trail.node.addDependency(bucket.policy);
  }
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html */
function letCloudTrailWrite(bucket: Bucket, trailArn: string): void {
  const principals = [new ServicePrincipal('cloudtrail.amazonaws.com')];
  const isOurTrail = { 'aws:SourceArn': trailArn };
  bucket.addToResourcePolicy(
    new PolicyStatement({
      principals,
      actions: ['s3:GetBucketAcl'],
      resources: [bucket.bucketArn],
      conditions: { StringEquals: isOurTrail },
    }),
  );
  bucket.addToResourcePolicy(
    new PolicyStatement({
      principals,
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects('AWSLogs/*')],
      conditions: { StringEquals: { ...isOurTrail, 's3:x-amz-acl': 'bucket-owner-full-control' } },
    }),
  );
}
