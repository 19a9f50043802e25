import { createHash } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { AssayError } from '../../etl/errors.ts';
import { digestMemoKey } from '../../etl/naming/upkeep.ts';
import type { ObjectIdentity, ObjectStore } from '../../etl/ports.ts';
import type { S3Place } from './s3-object-store.ts';
import { readingError, s3Pieces } from './s3-pieces.ts';

const Memo = z.object({ etag: z.string(), digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** SHA-256 of objects, 64 hex digits. */
export interface S3Digests {
  /** The digest, and the arrival that an ingest noted with the object; else the time at which S3 got it, to the second. */
  identify(key: string): Promise<ObjectIdentity>;
  /** S3's own checksum of the whole object where it has one, else the one remembered for this version, else read. */
  digest(key: string): Promise<string>;
  /** Remembers what is known of a version. Not being able to only costs time later. */
  remember(key: string, memo: { readonly etag: string; readonly digest: string }): Promise<void>;
}

/** The digests of a lake's objects, remembered beside them. */
export function s3Digests(place: S3Place, objects: ObjectStore): S3Digests {
  const remember: S3Digests['remember'] = async (key, memo) => {
    await quietly(() => objects.put(digestMemoKey(key), Buffer.from(JSON.stringify(memo))));
  };
  const digestOf = async (key: string, { etag, checksum }: Head): Promise<string> => {
    if (checksum !== undefined) return checksum;
    const stored = await quietly(() => objects.get(digestMemoKey(key)));
    const memo = stored === undefined ? undefined : parseMemo(stored.body);
    if (memo?.etag === etag) return memo.digest;
    const hash = createHash('sha256');
    for await (const piece of s3Pieces(place, key, { start: 0 }, etag)) hash.update(piece);
    const digest = hash.digest('hex');
    await remember(key, { etag, digest });
    return digest;
  };
  return {
    remember,
    digest: async (key) => await digestOf(key, await head(place, key)),
    async identify(key) {
      const found = await head(place, key);
      return { digest: await digestOf(key, found), arrivedMs: found.arrivedMs };
    },
  };
}

/** Name of the metadata in which an ingest notes when a file came, in milliseconds since 1970. */
export const ARRIVED = 'assay-arrived-ms';

/** What S3 says of an object without sending its bytes. */
interface Head {
  readonly etag: string;
  readonly checksum: string | undefined;
  readonly arrivedMs: number;
}

async function head(place: S3Place, key: string): Promise<Head> {
  const command = new HeadObjectCommand({ Bucket: place.bucketOf(key), Key: key, ChecksumMode: 'ENABLED' });
  try {
    const { ETag = '', ChecksumSHA256, ChecksumType, Metadata, LastModified } = await place.s3.send(command);
    const isWhole = ChecksumType !== 'COMPOSITE' && /^[A-Za-z0-9+/]{43}=$/.test(ChecksumSHA256 ?? '');
    const checksum = isWhole ? Buffer.from(ChecksumSHA256 ?? '', 'base64').toString('hex') : undefined;
    const noted = Metadata?.[ARRIVED] ?? '';
    const arrivedMs = /^\d{1,15}$/.test(noted) ? Number(noted) : (LastModified?.getTime() ?? 0);
    return { etag: ETag, checksum, arrivedMs };
  } catch (error) {
    throw readingError(place, key, error);
  }
}

/** Undefined where the store refuses or is out of order. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AssayError) return undefined;
    throw error;
  }
}

function parseMemo(body: Uint8Array): z.infer<typeof Memo> | undefined {
  try {
    return Memo.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return undefined;
  }
}
