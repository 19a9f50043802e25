import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stage-config.ts';
import { LakeBucket } from './lake-bucket.ts';

/**
 * The bucket where sources drop files of protected datasets, which only `protect` reads. It keeps no versions, and nothing
 * for longer than a day: what is removed from it is gone.
 */
export class Landing extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { config, key }: { readonly config: StageConfig; readonly key: IKey },
  ) {
    super(scope, id);
    new LakeBucket(this, 'Bucket', {
      config,
      name: 'landing',
      key,
      lifecycle: [{ id: 'nothing-stays', expiration: Duration.days(1) }],
      isVersioned: false,
      sendsEvents: true,
    });
  }
}
