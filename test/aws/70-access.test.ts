import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { pointerKey } from '../../etl/naming/tables.ts';
import { connect, type Platform } from './support/platform.ts';
import { doubleOf, holderOf } from './support/role-double.ts';

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

describe('a source system', () => {
  const KEY = 'bronze/spend/council_payments/ingest_date=2024-06-02/from-source.csv';
  let source: S3Client;
  beforeAll(async () => {
    source = await holderOf('assay-staging-source', platform.session.url);
  });

  test('brings a file only on condition that there is none yet, and never a second in its place', async () => {
    expect(await put(source, KEY)).toBe('AccessDenied');
    expect(await put(source, KEY, { IfMatch: '"0123456789abcdef0123456789abcdef"' })).toBe('AccessDenied');
    expect(await put(source, KEY, { IfNoneMatch: '*' })).toBe('allowed');
    expect(await put(source, KEY, { IfNoneMatch: '*' })).toBe('PreconditionFailed');
  });

  test('reads nothing, deletes nothing, and writes nowhere else', async () => {
    const Bucket = platform.session.outputs.BronzeBucket;
    expect(await get(source, KEY)).toBe('AccessDenied');
    expect(await answerTo(source.send(new DeleteObjectCommand({ Bucket, Key: KEY })))).toBe('AccessDenied');
    expect(await answerTo(source.send(new ListObjectsV2Command({ Bucket })))).toBe('AccessDenied');
    expect(await put(source, 'silver/spend/x.parquet', { IfNoneMatch: '*' })).toBe('AccessDenied');
  });
});

describe('an analyst', () => {
  test('reads Silver, Gold and the ledger, and nothing that was quarantined nor any source file', async () => {
    const analyst = await holderOf('assay-staging-analyst', platform.session.url);
    expect(await get(analyst, POINTER)).toBe('allowed');
    expect(await get(analyst, await first('gold/spend/'))).toBe('allowed');
    expect(await get(analyst, await first('ops/source_files/spend/'))).toBe('allowed');
    expect(await get(analyst, await first('bronze/spend/'))).toBe('AccessDenied');
    expect(await get(analyst, await first('quarantine/mortgages/'))).toBe('AccessDenied');
    expect(await get(analyst, await first('condemned/mortgages/'))).toBe('AccessDenied');
    expect(await get(analyst, await first('ops/staging/mortgages/'))).toBe('AccessDenied');
    expect(await put(analyst, POINTER, { IfNoneMatch: '*' })).toBe('AccessDenied');
  });
});

test('nobody reaches a bucket without TLS', async () => {
  const plain = await doubleOf(await platform.roleOf('seal'), platform.session.plainUrl);
  const Bucket = platform.session.outputs.SilverBucket;
  expect(await answerTo(plain.send(new ListObjectsV2Command({ Bucket })))).toBe('AccessDenied');
  const secure = await doubleOf(await platform.roleOf('gate'), platform.session.url);
  expect(await answerTo(secure.send(new ListObjectsV2Command({ Bucket })))).toBe('allowed');
});
