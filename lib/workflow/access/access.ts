import type { DatabaseName, LakeBucketName, SecretName } from '../../config/names.ts';

/** What a function may do: nothing that isn't listed. */
export interface Access {
  /** Key patterns that it may get. */
  readonly reads: readonly string[];
  /** Key patterns that it may put. */
  readonly writes: readonly string[];
  /** Key patterns that it may delete. */
  readonly removes?: readonly string[];
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
  /** What it may do with the keys of protected values: open envelopes with them; also make and destroy keys. */
  readonly vault?: 'opens' | 'makes';
  /** Whether it takes files from the landing bucket. */
  readonly landing?: true;
  readonly secrets?: readonly Exclude<SecretName, 'openlineage-key'>[];
}
