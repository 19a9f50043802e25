import type { Contract } from '../../etl/contract/contract.ts';
import type { BucketName } from '../config/names.ts';

/** Where values of a Silver dataset lie; ops holds staged rejects, artifacts the results of queries. */
const OF_SILVER: readonly BucketName[] = ['bronze', 'silver', 'quarantine', 'ops', 'artifacts'];
const OF_GOLD: readonly BucketName[] = ['gold', 'artifacts'];

/**
 * The buckets in which values lie that a contract classifies as personal or confidential: these are encrypted with the
 * platform's own key, the others with S3's.
 */
export function sensitiveBuckets(contracts: Iterable<Contract>): ReadonlySet<BucketName> {
  const sensitive = [...contracts].filter(({ columns }) =>
    columns.some(({ classification }) => classification === 'personal' || classification === 'confidential'),
  );
  return new Set(sensitive.flatMap(({ layer }) => (layer === 'silver' ? OF_SILVER : OF_GOLD)));
}
