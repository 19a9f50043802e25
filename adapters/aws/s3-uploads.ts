import { CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { landingKey } from '../../etl/naming/landing.ts';
import { inAws, isNamed } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

/** Where files lie between being sent and being brought in: the bucket for landing, which keeps no versions. */
export interface UploadsPlace {
  readonly bucket: string;
  /** `service-uploads/`, which protect leaves alone. */
  readonly prefix: string;
}

/** Files that programs send to a bucket by themselves, each by a form that is good for one key, one size and some minutes. */
export function s3Uploads({ bucket, prefix }: UploadsPlace) {
  const client = new S3Client(CLIENT_CONFIG);
  const objectOf = (id: string) => ({ Bucket: bucket, Key: `${prefix}${id}` });
  const doing = (action: string) => ({
    doing: 'taking a file that was sent',
    needs: `s3:${action} on ${bucket}/${prefix}*`,
  });
  return {
    async address(
      id: string,
      { mostBytes, seconds }: { readonly mostBytes: number; readonly seconds: number },
    ) {
      const { url, fields } = await createPresignedPost(client, {
        ...objectOf(id),
        Conditions: [['content-length-range', 0, mostBytes]],
        Expires: seconds,
      });
      return { url, fields };
    },
    async read(id: string): Promise<AsyncIterable<Uint8Array> | undefined> {
      return await inAws(doing('GetObject'), async () => {
        try {
          const { Body } = await client.send(new GetObjectCommand(objectOf(id)));
          return Body as unknown as AsyncIterable<Uint8Array>;
        } catch (error) {
          if (isNamed(error, 'NoSuchKey')) return undefined;
          throw error;
        }
      });
    },
    /** Has `protect` take up what was sent under an id, as if its source had dropped it; false where nothing was sent. */
    async handOver(
      id: string,
      { dataset, name }: { readonly dataset: string; readonly name: string },
    ): Promise<boolean> {
      const CopySource = `${bucket}/${encodeURIComponent(`${prefix}${id}`)}`;
      const to = { Bucket: bucket, Key: landingKey(dataset, id, name) };
      return await inAws(doing('PutObject'), async () => {
        try {
          await client.send(new CopyObjectCommand({ ...to, CopySource }));
          return true;
        } catch (error) {
          if (isNamed(error, 'NoSuchKey')) return false;
          throw error;
        }
      });
    },
    async remove(id: string): Promise<void> {
      await inAws(doing('DeleteObject'), () => client.send(new DeleteObjectCommand(objectOf(id))));
    },
  };
}
