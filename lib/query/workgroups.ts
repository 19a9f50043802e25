import { fileURLToPath } from 'node:url';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Contract } from '../../etl/contract/contract.ts';
import {
  type Audience,
  type BucketName,
  bucketName,
  databasePrefix,
  resultsPrefix,
  workgroupName,
} from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { readNamedQueries } from './named-queries.ts';

/** What the workgroups are made for. */
export interface WorkgroupsProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
  readonly lakeKey: IKey;
  readonly sensitive: ReadonlySet<BucketName>;
}

const FOLDER = fileURLToPath(new URL('../../sql/athena', import.meta.url));

/** A query that would read more is stopped: at 5 US dollars a TB this is 0.05. */
const SCAN_LIMIT_BYTES = 10 * 1024 ** 3;
/** The same for questions of runs, which are about all that there is: 25 US dollars. */
const SETS_LIMIT_BYTES = 5 * 1024 ** 4;

/**
 * The Athena workgroups, with their limits enforced and their results encrypted: one for analysts, with the queries that they
 * find there, one for operators, whose results can hold what was quarantined, one for the service, which asks for people
 * of all roles, and one for the stages of runs.
 */
export class Workgroups extends Construct {
  constructor(scope: Construct, id: string, props: WorkgroupsProps) {
    super(scope, id);
    const { config, contracts } = props;
    const analysts = this.#workgroup(
      'Workgroup',
      'analysts',
      'Queries of Silver, Gold and the ledger',
      props,
    );
    this.#workgroup('Operators', 'operators', 'Queries of all layers, by the platform team', props);
    this.#workgroup(
      'Service',
      'service',
      'Queries of people at the console, with masks by their roles',
      props,
    );
    this.#workgroup('Sets', 'sets', 'What stages of runs ask, where it outgrows their disk', props);
    for (const query of readNamedQueries(FOLDER, databasePrefix(config.stage), contracts)) {
      new CfnNamedQuery(this, query.name, {
        name: query.name,
        description: query.description,
        queryString: query.sql,
        database: `${databasePrefix(config.stage)}silver`,
        workGroup: analysts.name,
      }).addResourceDependency(analysts);
    }
  }

  #workgroup(
    id: string,
    audience: Audience,
    description: string,
    { config, lakeKey, sensitive }: WorkgroupsProps,
  ): CfnWorkGroup {
    return new CfnWorkGroup(this, id, {
      name: workgroupName(config.stage, audience),
      description,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        // What stages unload goes where their runs keep theirs.
        enforceWorkGroupConfiguration: audience !== 'sets',
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: audience === 'sets' ? SETS_LIMIT_BYTES : SCAN_LIMIT_BYTES,
        resultConfiguration: {
          outputLocation: `s3://${bucketName(config.stage, 'artifacts')}/${resultsPrefix(audience)}`,
          encryptionConfiguration: sensitive.has('artifacts')
            ? { encryptionOption: 'SSE_KMS', kmsKey: lakeKey.keyArn }
            : { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }
}
