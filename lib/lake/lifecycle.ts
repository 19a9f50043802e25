import { Duration } from 'aws-cdk-lib';
import { type LifecycleRule, StorageClass } from 'aws-cdk-lib/aws-s3';
import { ANSWERS_PREFIX, type BucketName } from '../config/names.ts';

const YEAR_DAYS = 365;

/**
 * What becomes of objects with time, by bucket. Tables are never expired here: only a commit says which of their files
 * are still read. Transitions are for objects of 128 KiB or more, which is S3's own default.
 */
export const LIFECYCLES: Readonly<Record<BucketName, readonly LifecycleRule[]>> = {
  bronze: [
    {
      id: 'source-files-are-rarely-read-again',
      prefix: 'bronze/',
      transitions: [{ storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(90) }],
    },
  ],
  silver: [],
  gold: [],
  quarantine: [
    {
      id: 'condemned-is-colder-after-5-years',
      prefix: 'condemned/',
      // Instant retrieval: whether a record was condemned before is asked by every run.
      transitions: [
        {
          storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
          transitionAfter: Duration.days(5 * YEAR_DAYS),
        },
      ],
    },
  ],
  ops: [{ id: 'staging-is-for-a-run', prefix: 'ops/staging/', expiration: Duration.days(180) }],
  artifacts: [
    { id: 'query-results', prefix: 'athena-results/', expiration: Duration.days(30) },
    // Their addresses are good for minutes.
    { id: 'large-answers', prefix: ANSWERS_PREFIX, expiration: Duration.days(1) },
  ],
};
