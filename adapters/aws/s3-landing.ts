import path from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TransientError } from '../../etl/errors.ts';
import type { ByteRange } from '../../etl/ports.ts';
import type { FileToProtect } from '../local/ingest-protected.ts';
import { inAws, isNamed } from './aws-errors.ts';

/** Bytes of one request: fewer requests than records, and little memory. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** A file that a source dropped, and as which version of it it was found. */
export interface LandedFile extends FileToProtect {
  readonly key: string;
  readonly etag: string;
}

/** The bucket where sources drop files of protected datasets. */
export interface Landing {
  /** What lies under a key; undefined where nothing does (any more). */
  find(key: string): Promise<LandedFile | undefined>;
  /** The keys of files that were dropped before a time. */
  before(time: Date): Promise<readonly string[]>;
  /** Removes a file; leaves what a source put in its place since it was found. */
  remove(file: LandedFile): Promise<void>;
}

/** The landing bucket on S3. Without versions: what is removed is gone. */
export function s3Landing(s3: S3Client, bucket: string): Landing {
  const doing = (action: string, key: string) => ({
    doing: `reading what was dropped as ${key}`,
    needs: `s3:${action} on ${bucket}/${key}`,
  });
  const head = async (
    key: string,
  ): Promise<{ readonly etag: string; readonly sizeBytes: number } | undefined> =>
    await inAws(doing('GetObject', key), async () => {
      try {
        const { ETag = '', ContentLength = 0 } = await s3.send(
          new HeadObjectCommand({ Bucket: bucket, Key: key }),
        );
        return { etag: ETag, sizeBytes: ContentLength };
      } catch (error) {
        if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
        throw error;
      }
    });
  async function* read(key: string, etag: string, { start, end }: { start: number; end: number }) {
    for (let at = start; at < end; at += PIECE_BYTES) {
      const last = Math.min(end, at + PIECE_BYTES) - 1;
      yield await inAws(doing('GetObject', key), async () => {
        try {
          const { Body } = await s3.send(
            new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag, Range: `bytes=${at}-${last}` }),
          );
          return (await Body?.transformToByteArray()) ?? new Uint8Array();
        } catch (error) {
          if (isNamed(error, 'PreconditionFailed', 'NoSuchKey')) throw changing(bucket, key);
          throw error;
        }
      });
    }
  }
  return {
    async find(key) {
      const found = await head(key);
      if (found === undefined) return undefined;
      const { etag, sizeBytes } = found;
      return {
        ...{ key, etag, sizeBytes, file: `s3://${bucket}/${key}`, name: path.posix.basename(key) },
        read: (range?: ByteRange) =>
          read(key, etag, { start: range?.start ?? 0, end: range?.end ?? sizeBytes }),
        async look() {
          if ((await head(key))?.etag !== etag) throw changing(bucket, key);
        },
      };
    },
    async before(time) {
      const keys: string[] = [];
      await inAws(doing('ListBucket', ''), async () => {
        for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket }))
          for (const { Key = '', LastModified } of Contents)
            if (!Key.endsWith('/') && LastModified !== undefined && LastModified < time) keys.push(Key);
      });
      return keys;
    },
    async remove({ key, etag }) {
      await inAws(doing('DeleteObject', key), async () => {
        try {
          await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag }));
        } catch (error) {
          if (!isNamed(error, 'PreconditionFailed', 'NoSuchKey')) throw error;
        }
      });
    },
  };
}

const changing = (bucket: string, key: string): TransientError =>
  new TransientError('FILE_CHANGING', `s3://${bucket}/${key} changed while it was read: it is read again.`, {
    context: { key },
  });
