import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { DECISIONS, LEASES, POINTERS } from '../config/key-patterns.ts';
import { type BucketName, eraserArn } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { LakeBucket } from './lake-bucket.ts';
import { LIFECYCLES } from './lifecycle.ts';
import { makeWriteOnce, requireConditionalWrites } from './write-rules.ts';

/** What the buckets are made with. */
export interface LakeStorageProps {
  readonly config: StageConfig;
  readonly key: IKey;
  /** Those encrypted with the key. */
  readonly sensitive: ReadonlySet<BucketName>;
}

const IDS: Readonly<Record<BucketName, string>> = {
  bronze: 'Bronze',
  silver: 'Silver',
  gold: 'Gold',
  quarantine: 'Quarantine',
  ops: 'Ops',
  artifacts: 'Artifacts',
};

/** The six buckets: Bronze write-once, commits conditional, each with its own lifecycle. */
export class LakeStorage extends Construct {
  readonly buckets: Readonly<Record<BucketName, Bucket>>;

  constructor(scope: Construct, id: string, { config, key, sensitive }: LakeStorageProps) {
    super(scope, id);
    const make = (name: BucketName): Bucket =>
      new LakeBucket(this, IDS[name], {
        config,
        name,
        ...(sensitive.has(name) ? { key } : {}),
        lifecycle: LIFECYCLES[name],
        sendsEvents: name === 'bronze',
      }).bucket;
    this.buckets = {
      bronze: make('bronze'),
      silver: make('silver'),
      gold: make('gold'),
      quarantine: make('quarantine'),
      ops: make('ops'),
      artifacts: make('artifacts'),
    };
    const { breakGlassRoleArn } = config;
    makeWriteOnce(this.buckets.bronze, [
      eraserArn(config.stage),
      ...(breakGlassRoleArn === undefined ? [] : [breakGlassRoleArn]),
    ]);
    requireConditionalWrites(this.buckets.silver, POINTERS.silver);
    requireConditionalWrites(this.buckets.gold, POINTERS.gold);
    requireConditionalWrites(this.buckets.ops, LEASES, DECISIONS);
  }
}
