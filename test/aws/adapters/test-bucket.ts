import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { CLIENT_CONFIG } from '../../../adapters/aws/client-config.ts';
import type { S3Place } from '../../../adapters/aws/s3-object-store.ts';

/** A bucket of its own for one test, which takes every key. */
export interface TestBucket {
  readonly place: S3Place;
  readonly name: string;
  dispose(): Promise<void>;
}

/** Makes an empty bucket where AWS_ENDPOINT_URL points. */
export async function testBucket(): Promise<TestBucket> {
  const s3 = new S3Client(CLIENT_CONFIG);
  const name = `adapters-${randomBytes(6).toString('hex')}`;
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  return {
    place: { s3, bucketOf: () => name },
    name,
    async dispose() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: name }));
      await Promise.all(Contents.map(({ Key }) => s3.send(new DeleteObjectCommand({ Bucket: name, Key }))));
      await s3.send(new DeleteBucketCommand({ Bucket: name }));
      s3.destroy();
    },
  };
}
