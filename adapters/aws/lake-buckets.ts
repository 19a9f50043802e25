import { ConfigError } from '../../etl/errors.ts';

/** The buckets of a lake. The first segment of a key chooses one; the key stays whole inside it. */
export interface LakeBuckets {
  readonly bronze: string;
  readonly silver: string;
  /** Holds projections as well. */
  readonly gold: string;
  /** Holds `condemned` as well. */
  readonly quarantine: string;
  readonly ops: string;
}

/** Name of the bucket that holds a key, or all keys with a prefix. */
export type BucketOf = (key: string) => string;

/** Chooses among a lake's buckets; throws ConfigError `KEY_REFUSED` for a key that lies in none of them. */
export function bucketChooser(buckets: LakeBuckets): BucketOf {
  const byFirstSegment = new Map([...Object.entries(buckets), ['condemned', buckets.quarantine] as const]);
  return (key) => {
    const bucket = byFirstSegment.get(key.split('/')[0] ?? '');
    if (bucket !== undefined) return bucket;
    throw new ConfigError(
      'KEY_REFUSED',
      `'${key}' can't be a key: it begins with none of ${[...byFirstSegment.keys()].join(', ')}.`,
      { context: { key } },
    );
  };
}
