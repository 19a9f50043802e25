import type { IncomingHttpHeaders } from 'node:http';

const S3_QUERIES: Readonly<Record<string, string>> = {
  uploads: 'CreateMultipartUpload',
  uploadId: 'UploadPart',
  'list-type': 'ListObjects',
};

/** `s3 PutObject`, `glue UpdateTable`, …: which operation of which service a signed request asks for, for counting. */
export function operationOf(method: string, path: string, headers: IncomingHttpHeaders): string {
  const service =
    /Credential=[^/]*\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unsigned';
  const target =
    String(headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1) ?? '';
  if (target !== '') return `${service} ${target}`;
  if (service !== 's3') return `${service} ${method}`;
  const { searchParams, pathname } = new URL(path, 'http://s3');
  for (const [query, name] of Object.entries(S3_QUERIES)) if (searchParams.has(query)) return `s3 ${name}`;
  const isBucket = pathname.split('/').filter((part) => part !== '').length < 2;
  return `s3 ${{ GET: 'Get', PUT: 'Put', HEAD: 'Head', DELETE: 'Delete' }[method] ?? method}${isBucket ? 'Bucket' : 'Object'}`;
}
