import type { DatabaseName, LakeBucketName, SecretName } from '../../config/names.ts';
import type { VaultUse } from '../../security/vault.ts';

/** What a function may do: nothing that isn't listed. */
export interface Access {
  /** Key patterns that it may get. */
  readonly reads: readonly string[];
  /** Key patterns that it may put. */
  readonly writes: readonly string[];
  /** Key patterns that it may delete. */
  readonly removes?: readonly string[];
  /** Key patterns that it may remove for good, every version; also the results of queries. */
  readonly erases?: readonly string[];
  /** Buckets whose keys it may list, which is also what tells a missing object from a forbidden one. */
  readonly lists: readonly LakeBucketName[];
  /** Glue databases whose tables it may make and move. */
  readonly catalog?: readonly DatabaseName[];
  /** Whether it may publish alerts. */
  readonly alerts?: true;
  /** Whether it may notify programs of publications. */
  readonly events?: true;
  /** Whether it may start runs and ask how they are. */
  readonly startsRuns?: true;
  /** Whether it may tell a lineage server of runs, where one is named. */
  readonly lineage?: true;
  /** What it may do with the keys of protected values. */
  readonly vault?: VaultUse;
  /** Whether it calls itself, to go on after its fifteen minutes. */
  readonly callsItself?: true;
  /** Whether it asks Athena what outgrows its own disk, where that is deployed. */
  readonly asksSets?: true;
  /** Whether it takes files from the landing bucket. */
  readonly landing?: true;
  readonly secrets?: readonly Exclude<SecretName, 'openlineage-key'>[];
}
