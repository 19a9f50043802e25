import { ManagedPolicy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { SOURCE_FILES, wholeTables } from '../config/key-patterns.ts';
import { bucketArn, bucketOf, databasePrefix, regionalArn, resourceName } from '../config/names.ts';
import { acknowledgePatterns } from './acknowledge.ts';
import { caretaker } from './caretaker.ts';
import { operator } from './operator.ts';
import { allow, findStack, type PeopleProps, throughS3 } from './statements.ts';

const QUERY_ACTIONS = [
  'athena:GetWorkGroup',
  'athena:StartQueryExecution',
  'athena:StopQueryExecution',
  'athena:GetQueryExecution',
  'athena:GetQueryResults',
  'athena:ListNamedQueries',
  'athena:GetNamedQuery',
  'athena:BatchGetNamedQuery',
];
const CATALOG_ACTIONS = ['glue:GetDatabase', 'glue:GetDatabases', 'glue:GetTable', 'glue:GetTables'];

/**
 * Policies to attach to people and to source systems, which are not ours to make: `analyst` queries Silver, Gold and the
 * ledger in the workgroup and sees nothing that was quarantined; `source` brings files into Bronze and sees nothing;
 * `operator` is for the platform team, beside `analyst`: it reads the lake and decides; `caretaker`, beside that, keeps
 * the tables tidy.
 */
export class People extends Construct {
  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    this.#policy('analyst', 'Queries of Silver, Gold and the ledger', props, analyst(props));
    this.#policy('source', 'Brings source files into Bronze, write-once', props, source(props));
    this.#policy(
      'operator',
      'Reads the lake, decides on runs and records, has them run',
      props,
      operator(props),
    );
    this.#policy('caretaker', 'Joins small files and removes what nobody needs', props, caretaker(props));
  }

  #policy(name: string, description: string, { config }: PeopleProps, statements: PolicyStatement[]): void {
    const policy = new ManagedPolicy(this, name, {
      managedPolicyName: resourceName(config.stage, name),
      description,
      statements,
    });
    acknowledgePatterns(policy, statements);
  }
}

function analyst(props: PeopleProps): PolicyStatement[] {
  const { stage } = props.config;
  const tables = [wholeTables('silver'), wholeTables('gold'), wholeTables('source_files')];
  const databases = (['silver', 'gold', 'ops'] as const).map((name) => `${databasePrefix(stage)}${name}`);
  const results = bucketArn(stage, 'artifacts', 'athena-results/*');
  const buckets = [...new Set(tables.map(bucketOf)), 'artifacts' as const];
  return [
    findStack(props),
    allow(QUERY_ACTIONS, [regionalArn('athena', `workgroup/${resourceName(stage, 'analysts')}`)]),
    allow(CATALOG_ACTIONS, [
      regionalArn('glue', 'catalog'),
      ...databases.flatMap((name) => [
        regionalArn('glue', `database/${name}`),
        regionalArn('glue', `table/${name}/*`),
      ]),
    ]),
    allow(['s3:GetObject'], [...tables.map((keys) => bucketArn(stage, bucketOf(keys), keys)), results]),
    allow(['s3:PutObject', 's3:AbortMultipartUpload'], [results]),
    allow(
      ['s3:ListBucket', 's3:GetBucketLocation'],
      buckets.map((bucket) => bucketArn(stage, bucket)),
    ),
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], buckets),
  ];
}

function source(props: PeopleProps): PolicyStatement[] {
  return [
    allow(
      ['s3:PutObject', 's3:AbortMultipartUpload'],
      [bucketArn(props.config.stage, 'bronze', SOURCE_FILES)],
    ),
    // Finishing a multipart upload decrypts its parts.
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], ['bronze']),
  ];
}
