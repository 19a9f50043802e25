import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { beforeAll, expect, test } from '@jest/globals';
import { pointerKey } from '../../etl/naming.ts';
import { connect, type Platform } from './support/platform.ts';
import { doubleOf } from './support/role-double.ts';

/** What the roles and the buckets' policies really allow, asked of S3 with the policies that are deployed. */

const DATASET = 'spend.council_payments';
const POINTER = pointerKey('silver', DATASET);

let platform: Platform;
let plan: S3Client;
let refine: S3Client;
let promote: S3Client;

beforeAll(async () => {
  platform = await connect('access');
  const as = async (name: string): Promise<S3Client> =>
    doubleOf(await platform.roleOf(name), platform.session.url);
  [plan, refine, promote] = [await as('plan'), await as('refine'), await as('promote')];
});

/** `allowed`, or the name of the error that S3 answers. */
const answerTo = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'allowed',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );

const put = (client: S3Client, Key: string, condition: { IfMatch?: string; IfNoneMatch?: string } = {}) =>
  answerTo(
    client.send(
      new PutObjectCommand({ Bucket: platform.store.bucketOf(Key), Key, Body: '{}', ...condition }),
    ),
  );
const get = (client: S3Client, Key: string) =>
  answerTo(client.send(new GetObjectCommand({ Bucket: platform.store.bucketOf(Key), Key })));
const first = async (prefix: string): Promise<string> => (await platform.store.list(prefix))[0] ?? '';

test('refine reads Bronze and cannot write it', async () => {
  const key = await first('bronze/spend/');
  expect(await get(refine, key)).toBe('allowed');
  expect(await put(refine, key)).toBe('AccessDenied');
  expect(await put(refine, 'bronze/spend/council_payments/ingest_date=2024-01-01/new.csv')).toBe(
    'AccessDenied',
  );
});

test('plan reads the ledger and no quarantined values, and publishes nothing', async () => {
  const rejects = (await platform.store.list('quarantine/mortgages/')).find((key) =>
    key.endsWith('.parquet'),
  );
  expect(await get(plan, rejects ?? '')).toBe('AccessDenied');
  expect(await get(plan, await first('ops/source_files/spend/'))).toBe('allowed');
  expect(await put(plan, POINTER, { IfMatch: '"x"' })).toBe('AccessDenied');
});

test('a pointer is written only under a condition, also by who may write it', async () => {
  expect(await put(promote, POINTER)).toBe('AccessDenied');
  expect(await put(promote, POINTER, { IfMatch: '"0123456789abcdef0123456789abcdef"' })).toBe(
    'PreconditionFailed',
  );
  expect(await put(promote, POINTER, { IfNoneMatch: '*' })).toBe('PreconditionFailed');
});

test('nobody reaches a bucket without TLS', async () => {
  const plain = await doubleOf(await platform.roleOf('seal'), platform.session.plainUrl);
  const Bucket = platform.session.outputs.SilverBucket;
  expect(await answerTo(plain.send(new ListObjectsV2Command({ Bucket })))).toBe('AccessDenied');
  const secure = await doubleOf(await platform.roleOf('gate'), platform.session.url);
  expect(await answerTo(secure.send(new ListObjectsV2Command({ Bucket })))).toBe('allowed');
});
