import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Upload } from '@aws-sdk/lib-storage';
import type { ObjectStore } from '../../etl/ports.ts';
import type { FileDataStore } from '../local/data-store.ts';
import { guarded } from '../local/file-errors.ts';
import { inAws } from './aws-errors.ts';
import { addFileToS3 } from './s3-add-file.ts';
import { s3Digests } from './s3-digests.ts';
import { localCopies } from './s3-local-copies.ts';
import { onObject, type S3Place } from './s3-object-store.ts';
import { s3Pieces } from './s3-pieces.ts';

const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;

/** A DataStore on S3, and what goes with it. */
export interface S3DataStore extends FileDataStore {
  /** Removes the copies that `localPath` made: between two pieces of work. */
  forgetCopies(): Promise<void>;
}

/** The DataStore of a lake on S3; copies of objects lie below `localFolder`. */
export function s3DataStore(place: S3Place, objects: ObjectStore, localFolder: string): S3DataStore {
  const copies = localCopies(place, localFolder);
  const digests = s3Digests(place, objects);
  return {
    stream: (key, range) => s3Pieces(place, key, range),
    digest: (key) => digests.digest(key),
    identify: (key) => digests.identify(key),
    localPath: (key) => copies.path(key),
    releasePath: (path) => copies.release(path),
    publish: (scratchPath, key) => publishFile(place, scratchPath, key),
    addFile: (sourcePath, key, options) => addFileToS3(place, digests, { sourcePath, key, ...options }),
    forgetCopies: () => copies.forget(),
  };
}

/** Multipart where it is large: the object appears whole or not at all. */
async function publishFile(place: S3Place, scratchPath: string, key: string): Promise<void> {
  const doing = onObject(place, 'publishing', 's3:PutObject', key);
  await guarded(doing.doing, async () => {
    await inAws(doing, async () => {
      const params = { Bucket: place.bucketOf(key), Key: key, Body: createReadStream(scratchPath) };
      const options = { partSize: PART_BYTES, queueSize: PARTS_AT_ONCE };
      await new Upload({ client: place.s3, params, ...options }).done();
    });
    await rm(scratchPath, { force: true });
  });
}
