import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ConflictError } from '../../etl/errors.ts';
import type { AddedFile } from '../local/add-file.ts';
import { hashFile } from '../local/file-bytes.ts';
import { guarded } from '../local/file-errors.ts';
import { failureOf, inAws } from './aws-errors.ts';
import type { S3Digests } from './s3-digests.ts';
import { onObject, type S3Place } from './s3-object-store.ts';

/** Up to this a file is sent in one request, for which S3 keeps the checksum of the whole. */
const ONE_REQUEST_BYTES = 64 * 1024 * 1024;

/** A file, where it goes, and who wants to know how far it is. */
export interface AddedSource {
  readonly sourcePath: string;
  readonly key: string;
  readonly onSent?: ((bytes: number) => void) | undefined;
}

/** Copies a file to a key that is never written again; see FileDataStore.addFile. */
export async function addFileToS3(
  place: S3Place,
  digests: S3Digests,
  { sourcePath, key, onSent }: AddedSource,
): Promise<AddedFile> {
  const { digest, fingerprint } = await guarded(`reading ${sourcePath}`, () => hashFile(sourcePath));
  const sizeBytes = Number(fingerprint.sizeBytes);
  const added = { key, digest, sizeBytes };
  return await inAws(onObject(place, 'adding', 's3:PutObject', key), async () => {
    try {
      if (sizeBytes <= ONE_REQUEST_BYTES) await sendWhole(place, sourcePath, added);
      else await digests.remember(key, { digest, etag: await sendParts(place, { sourcePath, key, onSent }) });
      return { ...added, existed: false };
    } catch (error) {
      if (failureOf(error).status !== 412) throw error;
    }
    if ((await digests.digest(key)) === digest) return { ...added, existed: true };
    throw new ConflictError('NAME_TAKEN', `${key} holds another file: keep this one beside it.`, {
      context: { key, digest },
    });
  });
}

type Sent = Pick<AddedFile, 'key' | 'digest'>;

async function sendWhole({ s3, bucketOf }: S3Place, file: string, { key, digest }: Sent): Promise<void> {
  const Body = await guarded(`reading ${file}`, () => readFile(file));
  await s3.send(
    new PutObjectCommand({
      Bucket: bucketOf(key),
      Key: key,
      Body,
      IfNoneMatch: '*',
      // S3 refuses other bytes than were hashed, and keeps it.
      ChecksumSHA256: Buffer.from(digest, 'hex').toString('base64'),
    }),
  );
}

async function sendParts(
  { s3, bucketOf }: S3Place,
  { sourcePath, key, onSent }: AddedSource,
): Promise<string> {
  const params = { Bucket: bucketOf(key), Key: key, Body: createReadStream(sourcePath), IfNoneMatch: '*' };
  const upload = new Upload({ client: s3, params, partSize: ONE_REQUEST_BYTES / 4 });
  upload.on('httpUploadProgress', ({ loaded = 0 }) => onSent?.(loaded));
  return (await upload.done()).ETag ?? '';
}
