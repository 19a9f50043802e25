import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  COMPACTED_FILES,
  dataFiles,
  letGoFiles,
  READS,
  REFRESHES,
  REMOVALS,
  RETRIES,
  SEALS,
  STAGED,
  tableMetadata,
  UPKEEP,
  upgradedFiles,
  WRITERS,
} from '../config/key-patterns.ts';
import { bucketArn, bucketOf } from '../config/names.ts';
import { allow, type PeopleProps } from './statements.ts';

const LAYERS = ['silver', 'gold', 'quarantine', 'condemned', 'source_files'] as const;

/** What is removed where nobody needs it; the buckets keep it for 30 days more. */
const LEFTOVERS = [
  ...LAYERS.flatMap((layer) => [dataFiles(layer), tableMetadata(layer)]),
  SEALS,
  STAGED,
  RETRIES,
  WRITERS,
  REFRESHES,
  REMOVALS,
  READS,
];

/**
 * For whoever does the upkeep, a person or a schedule, beside `operator`. `expire` and `tend` note what may go,
 * `compact` writes joined files of Silver, `upgrade` writes files of all tables anew, `expire --condemned` writes rejects
 * without what is let go, and `vacuum` removes what nobody
 * needs. None removes a source file, a pointer, a decision or the record of a run.
 */
export function caretaker({ config: { stage } }: PeopleProps): PolicyStatement[] {
  const arnOf = (key: string): string => bucketArn(stage, bucketOf(key), key);
  return [
    allow(
      ['s3:PutObject', 's3:AbortMultipartUpload'],
      [
        COMPACTED_FILES,
        ...LAYERS.map(upgradedFiles),
        letGoFiles('quarantine'),
        letGoFiles('condemned'),
        WRITERS,
        UPKEEP,
      ].map(arnOf),
    ),
    allow(['s3:DeleteObject'], LEFTOVERS.map(arnOf)),
  ];
}
