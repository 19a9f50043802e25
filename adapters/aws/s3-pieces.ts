import { GetObjectCommand } from '@aws-sdk/client-s3';
import { DataError, TransientError } from '../../etl/errors.ts';
import type { ByteRange } from '../../etl/ports.ts';
import { awsError, failureOf } from './aws-errors.ts';
import { isMissing, onObject, type S3Place } from './s3-object-store.ts';

/** How often a broken download is taken up again without any byte in between. */
const TRIES = 4;
/** Small chunks off the network are joined to pieces of this size: fewer, and quicker to work on. */
const PIECE_BYTES = 1024 * 1024;

/**
 * An object's bytes in order, in pieces of about 1 MiB. A connection that breaks is taken up where it broke, on the
 * same version of the object. Throws DataError `NOT_FOUND` where the object is gone and `OBJECT_CHANGED` where it was
 * replaced meanwhile.
 */
export async function* s3Pieces(
  place: S3Place,
  key: string,
  range: ByteRange = { start: 0 },
  etag?: string,
): AsyncGenerator<Uint8Array> {
  let at = range.start;
  let version = etag;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for (let failures = 0; range.end === undefined || at < range.end; ) {
    try {
      const { Body, ETag } = await place.s3.send(
        new GetObjectCommand({
          Bucket: place.bucketOf(key),
          Key: key,
          ...(at === 0 && range.end === undefined ? {} : { Range: rangeHeader(at, range.end) }),
          ...(version === undefined ? {} : { IfMatch: version }),
        }),
      );
      version ??= ETag;
      for await (const chunk of Body as AsyncIterable<Uint8Array>) {
        at += chunk.byteLength;
        failures = 0;
        waiting.push(chunk);
        waitingBytes += chunk.byteLength;
        if (waitingBytes < PIECE_BYTES) continue;
        const piece = joined(waiting);
        [waiting, waitingBytes] = [[], 0];
        yield piece;
      }
      break;
    } catch (error) {
      if (at > range.start && failureOf(error).name === 'InvalidRange') break; // everything had come when it broke
      failures += 1;
      const known = readingError(place, key, error);
      const isPassing = known instanceof TransientError;
      if (!isPassing || failures >= TRIES) throw known;
    }
  }
  if (waitingBytes > 0) yield joined(waiting);
}

/** What went wrong with reading an object, in Assay's kinds. */
export function readingError(place: S3Place, key: string, error: unknown): unknown {
  const context = { key };
  if (isMissing(error)) {
    return new DataError(
      'NOT_FOUND',
      `${key} is not there any more: it was removed after it was listed. Drop it again, or run without it.`,
      { context, cause: error },
    );
  }
  if (failureOf(error).status === 412) {
    return new DataError(
      'OBJECT_CHANGED',
      `${key} was replaced while it was read: run again, and drop new files under new names.`,
      { context, cause: error },
    );
  }
  return awsError(error, onObject(place, 'reading', 's3:GetObject', key));
}

/** HTTP's ranges include their end. */
function rangeHeader(start: number, end: number | undefined): string {
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}
