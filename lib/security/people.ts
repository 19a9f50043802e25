import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  ADOPTION_REMOVALS,
  CLOSINGS,
  CONTRACT_TEXTS,
  PRIVACY_REMOVALS,
  PRIVACY_WRITES,
  REVEALS,
  SOURCE_FILES,
  wholeTables,
} from '../config/key-patterns.ts';
import {
  type Audience,
  bucketArn,
  bucketOf,
  DATABASES,
  type DatabaseName,
  databasePrefix,
  LAKE_BUCKETS,
  regionalArn,
  resourceName,
  resultsPrefix,
  workgroupName,
} from '../config/names.ts';
import { acknowledgePatterns } from './acknowledge.ts';
import { caretaker } from './caretaker.ts';
import { operator } from './operator.ts';
import { allow, findStack, type PeopleProps, throughS3 } from './statements.ts';
import { openingGroup, usingVault } from './vault.ts';

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
 * `operator` is for the platform team: it reads the lake and decides; `operator-query`, beside that, asks by SQL, in a
 * workgroup of its own; `event-policies`, beside `operator`, sets policies of events; `caretaker`, beside `operator`, keeps the tables tidy; `privacy`, beside `operator`, has the keys of
 * protected values; `reveal-<group>`, beside `operator`, those of one data group, to read with.
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
    this.#policy(
      'operator-query',
      'Queries all layers, in the operators workgroup',
      props,
      operatorQuery(props),
    );
    this.#policy('event-policies', 'Sets policies of events, by the command', props, eventPolicies(props));
    this.#policy('privacy', 'Reveals, exports and forgets personal data', props, privacy(props));
    for (const group of props.vault.wrappingKeys.keys())
      if (group !== '')
        this.#policy(
          `reveal-${group}`,
          `Reveals values of the data group ${group}`,
          props,
          reveal(props, group),
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
  const tables = [
    wholeTables('silver'),
    wholeTables('gold'),
    wholeTables('source_files'),
    // The shapes in which tables were published.
    CONTRACT_TEXTS,
    // Rows of Gold as they were when months were closed.
    CLOSINGS,
  ];
  const buckets = [...new Set(tables.map(bucketOf)), 'artifacts' as const];
  return [
    findStack(props),
    ...querying(props, 'analysts', ['silver', 'gold', 'projection', 'ops']),
    allow(
      ['s3:GetObject'],
      tables.map((keys) => bucketArn(stage, bucketOf(keys), keys)),
    ),
    allow(
      ['s3:ListBucket', 's3:GetBucketLocation'],
      buckets.map((bucket) => bucketArn(stage, bucket)),
    ),
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], buckets),
  ];
}

/** Beside `operator`, which reads the lake's objects: the same with SQL, with results that analysts can't read. */
function operatorQuery(props: PeopleProps): PolicyStatement[] {
  const { stage } = props.config;
  return [
    ...querying(props, 'operators', DATABASES),
    allow(
      ['s3:GetBucketLocation'],
      LAKE_BUCKETS.map((bucket) => bucketArn(stage, bucket)),
    ),
    allow(['s3:ListBucket', 's3:GetBucketLocation'], [bucketArn(stage, 'artifacts')]),
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], ['artifacts']),
    // Also for those who are analysts besides: what they find must not lie where every analyst reads.
    new PolicyStatement({
      effect: Effect.DENY,
      actions: ['athena:StartQueryExecution'],
      resources: [regionalArn('athena', `workgroup/${workgroupName(stage, 'analysts')}`)],
    }),
  ];
}

/** Asking in an audience's workgroup, of these databases, and reading its results. */
function querying(
  { config: { stage } }: PeopleProps,
  audience: Audience,
  databases: readonly DatabaseName[],
): PolicyStatement[] {
  const results = bucketArn(stage, 'artifacts', `${resultsPrefix(audience)}*`);
  // All of the stage's by one pattern: a policy takes 6,144 characters.
  const wanted: readonly string[] = databases.length === DATABASES.length ? ['*'] : databases;
  const names = wanted.map((name) => `${databasePrefix(stage)}${name}`);
  return [
    allow(QUERY_ACTIONS, [regionalArn('athena', `workgroup/${workgroupName(stage, audience)}`)]),
    allow(CATALOG_ACTIONS, [
      regionalArn('glue', 'catalog'),
      ...names.flatMap((name) => [
        regionalArn('glue', `database/${name}`),
        regionalArn('glue', `table/${name}/*`),
      ]),
    ]),
    allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [results]),
  ];
}

/** Beside `operator`, which keeps that it was decided: policies of events and their history, which are never removed. */
function eventPolicies({ config: { stage } }: PeopleProps): PolicyStatement[] {
  const table = regionalArn('dynamodb', `table/${resourceName(stage, 'policies')}`);
  return [allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], [table])];
}

/** Beside `operator`: the vault, and what is written down of who was forgotten and what was revealed. */
function privacy({ config: { stage }, vault }: PeopleProps): PolicyStatement[] {
  const inOps = (keys: string): string => bucketArn(stage, 'ops', keys);
  return [
    ...usingVault(vault, 'makes'),
    allow(['s3:PutObject'], PRIVACY_WRITES.map(inOps)),
    allow(['s3:DeleteObject'], [...PRIVACY_REMOVALS, ...ADOPTION_REMOVALS].map(inOps)),
    // What was adopted is removed by one function, which looks for itself whether it may.
    allow(['lambda:InvokeFunction'], [regionalArn('lambda', `function:${resourceName(stage, 'erase')}`)]),
  ];
}

/** Beside `operator`: values of one data group, and that they were seen. */
function reveal({ config: { stage }, vault }: PeopleProps, group: string): PolicyStatement[] {
  return [...openingGroup(vault, group), allow(['s3:PutObject'], [bucketArn(stage, 'ops', REVEALS)])];
}

function source(props: PeopleProps): PolicyStatement[] {
  return [
    allow(
      ['s3:PutObject', 's3:AbortMultipartUpload'],
      [bucketArn(props.config.stage, 'bronze', SOURCE_FILES)],
    ),
    // Files of protected datasets; nobody but protect reads them there.
    allow(['s3:PutObject', 's3:AbortMultipartUpload'], [bucketArn(props.config.stage, 'landing', '*')]),
    // Finishing a multipart upload decrypts its parts.
    ...throughS3(props, ['kms:Decrypt', 'kms:GenerateDataKey'], ['bronze', 'landing']),
  ];
}
