import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { ObjectHistory } from '../../etl/ports.ts';
import { inAws } from './aws-errors.ts';
import { onObject, type S3Place } from './s3-object-store.ts';

/** Older versions than these help nobody. */
const MOST_VERSIONS = 50;

/** What a versioned bucket still has of an object, newest first. */
export function s3History(place: S3Place): ObjectHistory {
  const { s3, bucketOf } = place;
  return async (key) => {
    const Bucket = bucketOf(key);
    const doing = { doing: `listing the versions of ${key}`, needs: `s3:ListBucketVersions on ${Bucket}` };
    const { Versions = [] } = await inAws(doing, () =>
      s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: key, MaxKeys: MOST_VERSIONS })),
    );
    const bodies: Uint8Array[] = [];
    for (const { Key, VersionId } of Versions) {
      if (Key !== key) continue;
      const { Body } = await inAws(onObject(place, 'reading a version of', 's3:GetObjectVersion', key), () =>
        s3.send(new GetObjectCommand({ Bucket, Key, VersionId })),
      );
      bodies.push((await Body?.transformToByteArray()) ?? new Uint8Array());
    }
    return bodies;
  };
}
