import { fileURLToPath } from 'node:url';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Contract } from '../../etl/contract/contract.ts';
import { type BucketName, bucketName, databasePrefix, resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { readNamedQueries } from './named-queries.ts';

/** Whom the workgroup serves. */
export interface AnalystsProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
  readonly lakeKey: IKey;
  readonly sensitive: ReadonlySet<BucketName>;
}

const FOLDER = fileURLToPath(new URL('../../sql/athena', import.meta.url));

/** A query that would read more is stopped: at 5 US dollars a TB this is 0.05. */
const SCAN_LIMIT_BYTES = 10 * 1024 ** 3;

/** The Athena workgroup for analysts, with its limits enforced and its results encrypted, and the queries they find there. */
export class Analysts extends Construct {
  readonly workgroup: string;

  constructor(scope: Construct, id: string, { config, contracts, lakeKey, sensitive }: AnalystsProps) {
    super(scope, id);
    this.workgroup = resourceName(config.stage, 'analysts');
    const workgroup = new CfnWorkGroup(this, 'Workgroup', {
      name: this.workgroup,
      description: 'Queries of Silver, Gold, quarantine and ops',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: SCAN_LIMIT_BYTES,
        resultConfiguration: {
          outputLocation: `s3://${bucketName(config.stage, 'artifacts')}/athena-results/`,
          encryptionConfiguration: sensitive.has('artifacts')
            ? { encryptionOption: 'SSE_KMS', kmsKey: lakeKey.keyArn }
            : { encryptionOption: 'SSE_S3' },
        },
      },
    });
    for (const query of readNamedQueries(FOLDER, databasePrefix(config.stage), contracts)) {
      new CfnNamedQuery(this, query.name, {
        name: query.name,
        description: query.description,
        queryString: query.sql,
        database: `${databasePrefix(config.stage)}silver`,
        workGroup: this.workgroup,
      }).addResourceDependency(workgroup);
    }
  }
}
