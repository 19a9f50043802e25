import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Outputs } from './session.ts';

/** The lake's buckets, seen by their keys: the first segment says which bucket. Plain calls, none of Assay's own code. */
export interface BucketStore {
  bucketOf(key: string): string;
  /** Brings a new object, as source systems must: on condition that there is none yet. */
  put(key: string, body: Uint8Array | string): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  json(key: string): Promise<unknown>;
  list(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
}

/** Opens the buckets of a deployment. */
export function bucketStore(outputs: Outputs): BucketStore {
  const s3 = new S3Client();
  const buckets: Readonly<Record<string, string>> = {
    bronze: outputs.BronzeBucket,
    silver: outputs.SilverBucket,
    gold: outputs.GoldBucket,
    quarantine: outputs.QuarantineBucket,
    condemned: outputs.QuarantineBucket,
    ops: outputs.OpsBucket,
  };
  const at = (key: string) => ({ Bucket: bucketOf(key), Key: key });
  function bucketOf(key: string): string {
    const bucket = buckets[key.split('/')[0] ?? ''];
    if (bucket === undefined) throw new Error(`No bucket holds ${key}.`);
    return bucket;
  }
  async function get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await (await s3.send(new GetObjectCommand(at(key)))).Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }
  return {
    bucketOf,
    get,
    put: async (key, Body) =>
      void (await s3.send(new PutObjectCommand({ ...at(key), Body, IfNoneMatch: '*' }))),
    json: async (key) => {
      const body = await get(key);
      return body === undefined ? undefined : JSON.parse(Buffer.from(body).toString('utf8'));
    },
    list: async (prefix) => {
      const keys: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await s3.send(
          new ListObjectsV2Command({ Bucket: bucketOf(prefix), Prefix: prefix, ContinuationToken }),
        );
        keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return keys;
    },
    remove: async (key) => void (await s3.send(new DeleteObjectCommand(at(key)))),
  };
}
