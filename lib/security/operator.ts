import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  ALERTS,
  dataFiles,
  EVENTS,
  HELD,
  MIGRATIONS,
  OUTBOX,
  POINTERS,
  RUN_RECORDS,
  SOURCE_FILES,
  tableMetadata,
} from '../config/key-patterns.ts';
import {
  bucketArn,
  bucketOf,
  databasePrefix,
  executionArns,
  LAKE_BUCKETS,
  regionalArn,
  resourceName,
  stateMachineArn,
} from '../config/names.ts';
import { allow, findStack, type PeopleProps, tellPrograms, throughS3 } from './statements.ts';

/** What people bring, decide and put right, as the commands and the service write it by etl/operations and etl/quarantine. */
export const DECISION_WRITES = [
  SOURCE_FILES,
  POINTERS.silver,
  POINTERS.gold,
  tableMetadata('silver'),
  tableMetadata('gold'),
  tableMetadata('quarantine'),
  tableMetadata('condemned'),
  tableMetadata('source_files'),
  dataFiles('gold'),
  dataFiles('condemned'),
  HELD,
  RUN_RECORDS,
  MIGRATIONS,
  ALERTS,
  EVENTS,
  // Together, since a policy takes 6,144 characters: backfills and breakers; texts of contracts, corrections and closings;
  // decisions and digests; retries, releases, refreshes and restatements.
  'ops/b*',
  'ops/c*',
  'ops/d*',
  'ops/re*',
];

/**
 * The platform team: reads the whole lake, adds files, decides on runs and records, starts runs. It publishes only as
 * the pointers' own rules allow. Only the workflow writes Silver data, leases and staged results.
 */
export function operator(props: PeopleProps): PolicyStatement[] {
  const { stage } = props.config;
  const arnOf = (key: string): string => bucketArn(stage, bucketOf(key), key);
  return [
    findStack(props),
    allow(
      ['s3:GetObject'],
      LAKE_BUCKETS.map((bucket) => bucketArn(stage, bucket, '*')),
    ),
    allow(
      ['s3:ListBucket'],
      LAKE_BUCKETS.map((bucket) => bucketArn(stage, bucket)),
    ),
    // To restore a pointer, whose earlier versions are there for 30 days.
    allow(
      ['s3:ListBucketVersions'],
      (['silver', 'gold'] as const).map((bucket) => bucketArn(stage, bucket)),
    ),
    allow(['s3:GetObjectVersion'], [POINTERS.silver, POINTERS.gold].map(arnOf)),
    allow(['s3:PutObject', 's3:AbortMultipartUpload'], DECISION_WRITES.map(arnOf)),
    allow(['s3:DeleteObject'], [HELD, OUTBOX].map(arnOf)),
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], LAKE_BUCKETS),
    allow(
      ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'],
      [
        regionalArn('glue', 'catalog'),
        // All of the stage's databases.
        regionalArn('glue', `database/${databasePrefix(stage)}*`),
        regionalArn('glue', `table/${databasePrefix(stage)}*/*`),
      ],
    ),
    // Rollbacks change published figures, which triggers alerts.
    allow(['sns:Publish'], [regionalArn('sns', resourceName(stage, 'alerts'))]),
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [props.topicKey.keyArn]),
    tellPrograms(stage),
    allow(['lambda:InvokeFunction'], [regionalArn('lambda', `function:${resourceName(stage, 'start-run')}`)]),
    // Together, since a policy takes 6,144 characters: each action is of one kind of these only.
    allow(
      ['states:StartExecution', 'states:DescribeExecution'],
      [stateMachineArn(stage), ...executionArns(stage)],
    ),
  ];
}
