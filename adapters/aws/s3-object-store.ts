import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { ConflictError } from '../../etl/errors.ts';
import type { ObjectInfo, ObjectStore, StoredObject, WriteCondition } from '../../etl/ports.ts';
import { type Doing, failureOf, inAws } from './aws-errors.ts';
import type { BucketOf } from './lake-buckets.ts';

/** Where a store works. */
export interface S3Place {
  readonly s3: S3Client;
  readonly bucketOf: BucketOf;
}

/** An ObjectStore on S3. Conditions are S3's own conditional writes; a lost race (412, 409) is a ConflictError. */
export function s3ObjectStore(place: S3Place): ObjectStore {
  const { s3, bucketOf } = place;
  return {
    list: (prefix, after) => listObjects(place, prefix, after),
    get: (key) => getObject(place, key),
    put: (key, body, condition) => putObject(place, key, body, condition),
    async remove(key) {
      const command = new DeleteObjectCommand({ Bucket: bucketOf(key), Key: key });
      await inAws(onObject(place, 'removing', 's3:DeleteObject', key), () => s3.send(command));
    },
    uri: (key) => `s3://${bucketOf(key)}/${key}`,
  };
}

/** What is being done with an object, for messages. */
export function onObject({ bucketOf }: S3Place, verb: string, permission: string, key: string): Doing {
  return { doing: `${verb} ${key}`, needs: `${permission} on ${bucketOf(key)}/${key}` };
}

/** An object of unknown age counts as new, so that nobody removes it as a leftover. */
const JUST_NOW = Number.POSITIVE_INFINITY;

async function listObjects(
  { s3, bucketOf }: S3Place,
  prefix: string,
  after: string | undefined,
): Promise<ObjectInfo[]> {
  const Bucket = bucketOf(prefix);
  const doing = { doing: `listing ${prefix}`, needs: `s3:ListBucket on ${Bucket}` };
  const found: ObjectInfo[] = [];
  let page: ListObjectsV2CommandOutput | undefined;
  do {
    const ContinuationToken = page?.NextContinuationToken;
    // URL encoding, because XML can't hold every character that a key can.
    const command = new ListObjectsV2Command({
      Bucket,
      Prefix: prefix,
      StartAfter: after,
      EncodingType: 'url',
      ContinuationToken,
    });
    page = await inAws(doing, () => s3.send(command));
    const isEncoded = page.EncodingType === 'url';
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      const key = isEncoded ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key;
      found.push({ key, sizeBytes: Size, modifiedMs: LastModified?.getTime() ?? JUST_NOW });
    }
  } while (page.IsTruncated === true);
  return inOrder(found);
}

/** S3 lists in the order of the keys' UTF-8 bytes; not everything that speaks its language does. */
function inOrder(objects: readonly ObjectInfo[]): ObjectInfo[] {
  return objects
    .map((object) => ({ object, bytes: Buffer.from(object.key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ object }) => object);
}

async function getObject(place: S3Place, key: string): Promise<StoredObject | undefined> {
  const command = new GetObjectCommand({ Bucket: place.bucketOf(key), Key: key });
  return await inAws(onObject(place, 'reading', 's3:GetObject', key), async () => {
    try {
      const { Body, ETag = '' } = await place.s3.send(command);
      return { body: (await Body?.transformToByteArray()) ?? new Uint8Array(), etag: ETag };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/** Whether an error says that the object, and not its bucket, isn't there. */
export function isMissing(error: unknown): boolean {
  const { name, status } = failureOf(error);
  return status === 404 && name !== 'NoSuchBucket';
}

async function putObject(
  place: S3Place,
  key: string,
  body: Uint8Array,
  condition: WriteCondition | undefined,
): Promise<string> {
  const command = new PutObjectCommand({
    Bucket: place.bucketOf(key),
    Key: key,
    Body: body,
    ...(condition === undefined
      ? {}
      : 'ifMatch' in condition
        ? { IfMatch: condition.ifMatch }
        : { IfNoneMatch: condition.ifNoneMatch }),
  });
  return await inAws(onObject(place, 'writing', 's3:PutObject', key), async () => {
    try {
      return (await place.s3.send(command)).ETag ?? '';
    } catch (error) {
      if (condition === undefined || !isRefused(error)) throw error;
      const mine = failureOf(error).attempts > 1 ? await etagOfSame(place, key, body) : undefined;
      if (mine !== undefined) return mine;
      throw new ConflictError(
        'PRECONDITION_FAILED',
        `${key} was not written: it has changed since it was read. Read it again and decide anew.`,
        { context: { key }, cause: error },
      );
    }
  });
}

/** 412 where the condition doesn't hold, 409 where another write came in between, 404 for `ifMatch` on nothing. */
function isRefused(error: unknown): boolean {
  const { status } = failureOf(error);
  return status === 412 || status === 409 || isMissing(error);
}

/**
 * The tag of an object with exactly these bytes. After the SDK's retry, that object is ours: the first try worked, its
 * answer was lost, and so the second was refused.
 */
async function etagOfSame(place: S3Place, key: string, body: Uint8Array): Promise<string | undefined> {
  const current = await getObject(place, key);
  return current !== undefined && Buffer.compare(current.body, body) === 0 ? current.etag : undefined;
}
