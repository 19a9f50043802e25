import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { failureOf, inAws, isNamed } from './aws-errors.ts';
import { ARRIVED } from './s3-digests.ts';
import { onObject, type S3Place } from './s3-object-store.ts';

/** An object that comes into being part by part, which several processes may send one after the other. */
export interface ObjectInParts {
  readonly key: string;
  readonly uploadId: string;
  /** Tags of the parts that are there, in order. */
  readonly parts: readonly string[];
}

/** Begins an object in parts, as of a moment. Nobody sees it before it is completed. */
export async function beginParts(place: S3Place, key: string, arrivedMs: number): Promise<ObjectInParts> {
  const Bucket = place.bucketOf(key);
  const command = new CreateMultipartUploadCommand({
    ...{ Bucket, Key: key },
    Metadata: { [ARRIVED]: String(arrivedMs) },
  });
  const { UploadId = '' } = await inAws(onObject(place, 'beginning', 's3:PutObject', key), () =>
    place.s3.send(command),
  );
  return { key, uploadId: UploadId, parts: [] };
}

/** Sends the next part; returns the object with it. */
export async function sendPart(
  place: S3Place,
  { key, uploadId, parts }: ObjectInParts,
  bytes: Uint8Array,
): Promise<ObjectInParts> {
  const command = new UploadPartCommand({
    ...{ Bucket: place.bucketOf(key), Key: key, UploadId: uploadId },
    ...{ PartNumber: parts.length + 1, Body: bytes },
  });
  const { ETag = '' } = await inAws(onObject(place, 'sending a part of', 's3:PutObject', key), () =>
    place.s3.send(command),
  );
  return { key, uploadId, parts: [...parts, ETag] };
}

/** Makes the parts one object, write-once; where one is there already, leaves that. False where the upload is no more. */
export async function completeParts(place: S3Place, object: ObjectInParts): Promise<boolean> {
  const { key, uploadId, parts } = object;
  const command = new CompleteMultipartUploadCommand({
    ...{ Bucket: place.bucketOf(key), Key: key, UploadId: uploadId, IfNoneMatch: '*' },
    MultipartUpload: { Parts: parts.map((ETag, n) => ({ ETag, PartNumber: n + 1 })) },
  });
  return await inAws(onObject(place, 'completing', 's3:PutObject', key), async () => {
    try {
      await place.s3.send(command);
    } catch (error) {
      if (isNamed(error, 'NoSuchUpload')) return false;
      if (failureOf(error).status !== 412) throw error;
      // Another process was first, with the same bytes: the name says which they are.
      await abortParts(place, object);
    }
    return true;
  });
}

/** Gives an object in parts up; nothing of it stays. */
export async function abortParts(place: S3Place, { key, uploadId }: ObjectInParts): Promise<void> {
  const command = new AbortMultipartUploadCommand({
    Bucket: place.bucketOf(key),
    Key: key,
    UploadId: uploadId,
  });
  await inAws(onObject(place, 'giving up', 's3:AbortMultipartUpload', key), async () => {
    try {
      await place.s3.send(command);
    } catch (error) {
      if (!isNamed(error, 'NoSuchUpload')) throw error;
    }
  });
}
