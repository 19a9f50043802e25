import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { inAws } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import type { KeepLarge } from './http-api.ts';

/** How long an address is good, which is enough to begin a download. */
const ADDRESS_SECONDS = 300;

/** Where answers lie that are too large for a function's answer. */
export interface LargeAnswersPlace {
  readonly bucket: string;
  /** `service-answers/`. */
  readonly prefix: string;
}

/** Keeps large answers in a bucket, under names that nobody guesses; each is got by an address that is good for five minutes. */
export function largeAnswers({ bucket, prefix }: LargeAnswersPlace): KeepLarge {
  const client = new S3Client(CLIENT_CONFIG);
  return async (bytes, headers) => {
    const object = { Bucket: bucket, Key: `${prefix}${randomUUID()}` };
    const doing = { doing: 'keeping a large answer', needs: `s3:PutObject on ${bucket}/${prefix}*` };
    await inAws(doing, () =>
      new Upload({ client, params: { ...object, Body: Readable.from(bytes) } }).done(),
    );
    const type = headers.get('content-type') ?? 'application/octet-stream';
    const disposition = headers.get('content-disposition') ?? 'inline';
    return await getSignedUrl(
      client,
      new GetObjectCommand({
        ...object,
        ResponseContentType: type,
        ResponseContentDisposition: disposition,
        ResponseCacheControl: 'private, no-store',
      }),
      { expiresIn: ADDRESS_SECONDS },
    );
  };
}
