import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ConflictError, TransientError } from '../../etl/errors.ts';
import type { AddedFile, AddOptions } from '../local/add-file.ts';
import { hashFile } from '../local/file-bytes.ts';
import { guarded } from '../local/file-errors.ts';
import { openPlain } from '../local/plain-file.ts';
import { failureOf, inAws } from './aws-errors.ts';
import { ARRIVED, type S3Digests } from './s3-digests.ts';
import { onObject, type S3Place } from './s3-object-store.ts';

/** Up to this a file is sent in one request, for which S3 keeps the checksum of the whole. */
const ONE_REQUEST_BYTES = 64 * 1024 * 1024;

/** How often a file is sent that met another request for its key, and for how long it waits before; twice as long each time. */
const TRIES = 5;
const PAUSE_MS = 200;
const BUSY = 'Others keep writing the same file: add it again.';

/** A file and where it goes. */
export interface AddedSource extends AddOptions {
  readonly sourcePath: string;
  readonly key: string;
}

/** Copies a file to a key that is never written again; see FileDataStore.addFile. */
export async function addFileToS3(
  place: S3Place,
  digests: S3Digests,
  source: AddedSource,
): Promise<AddedFile> {
  const { sourcePath, key, arrivedMs, links } = source;
  const { digest, sizeBytes, bytes } = await guarded(`reading ${sourcePath}`, () =>
    readSource(sourcePath, links),
  );
  const added = { key, digest, sizeBytes };
  return await inAws(onObject(place, 'adding', 's3:PutObject', key), async () => {
    const isNew = await sendIfNew(async () => {
      if (bytes === undefined) await digests.remember(key, { digest, etag: await sendParts(place, source) });
      else await sendWhole(place, { key, digest, bytes, arrivedMs });
    });
    if (isNew) return { ...added, existed: false };
    if ((await digests.digest(key)) === digest) return { ...added, existed: true };
    throw new ConflictError('NAME_TAKEN', `${key} holds another file: keep this one beside it.`, {
      context: { key, digest },
    });
  });
}

/**
 * Whether `send` made the object; false where one exists. A 409 means that another request came meanwhile, and either
 * may have won. The file is then sent again, all parts of it
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
 */
async function sendIfNew(send: () => Promise<void>): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await send();
      return true;
    } catch (error) {
      const { status } = failureOf(error);
      if (status === 412) return false;
      if (status !== 409) throw error;
      if (tries === TRIES) throw new TransientError('KEY_BUSY', BUSY, { cause: error });
      await sleep(Math.random() * PAUSE_MS * 2 ** tries);
    }
  }
}

interface ReadSource {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Of a file that is sent in one request, the bytes that were hashed. */
  readonly bytes: Uint8Array | undefined;
}

async function readSource(file: string, links: AddOptions['links']): Promise<ReadSource> {
  const isSentWhole = (await stat(file)).size <= ONE_REQUEST_BYTES;
  const pieces: Uint8Array[] = [];
  const take = async (piece: Uint8Array): Promise<void> => {
    if (isSentWhole) pieces.push(Uint8Array.from(piece));
  };
  const { digest, fingerprint } = await hashFile(file, take, links);
  const bytes = isSentWhole ? Buffer.concat(pieces) : undefined;
  return { digest, sizeBytes: Number(fingerprint.sizeBytes), bytes };
}

interface Whole {
  readonly key: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly arrivedMs: number;
}

async function sendWhole({ s3, bucketOf }: S3Place, { key, digest, bytes, arrivedMs }: Whole): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: bucketOf(key),
      Key: key,
      Body: bytes,
      IfNoneMatch: '*',
      Metadata: { [ARRIVED]: String(arrivedMs) },
      // S3 refuses other bytes than were hashed, and keeps it.
      ChecksumSHA256: Buffer.from(digest, 'hex').toString('base64'),
    }),
  );
}

async function sendParts(
  { s3, bucketOf }: S3Place,
  { sourcePath, key, arrivedMs, onSent, links = 'follow' }: AddedSource,
): Promise<string> {
  const params = {
    Bucket: bucketOf(key),
    Key: key,
    Body: (await openPlain(sourcePath, links)).createReadStream(),
    IfNoneMatch: '*',
    Metadata: { [ARRIVED]: String(arrivedMs) },
  };
  const upload = new Upload({ client: s3, params, partSize: ONE_REQUEST_BYTES / 4 });
  upload.on('httpUploadProgress', ({ loaded = 0 }) => onSent?.(loaded));
  return (await upload.done()).ETag ?? '';
}
