import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { s3DataStore } from '../../../adapters/aws/s3-data-store.ts';
import { s3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { faultsClient } from '../support/faults-client.ts';
import { type TestBucket, testBucket } from './test-bucket.ts';

/** S3 as it is on a bad day. */

const KEY = 'ops/a.json';
const SLOW_DOWN = {
  kind: 'answer',
  status: 503,
  code: 'SlowDown',
  message: 'Reduce your request rate.',
} as const;
const faults = faultsClient(process.env.AWS_ENDPOINT_URL ?? '');

let bucket: TestBucket;
let objects: ObjectStore;

beforeEach(async () => {
  bucket = await testBucket();
  objects = s3ObjectStore(bucket.place);
});
afterEach(async () => {
  await faults.clear();
  await bucket.dispose();
});

const text = async (key: string): Promise<string> =>
  Buffer.from((await objects.get(key))?.body ?? []).toString('utf8');

test('503 for a while is waited out, 503 for good is a TransientError', async () => {
  await objects.put(KEY, Buffer.from('one'));
  await faults.add({ meets: { method: 'GET', path: bucket.name }, action: SLOW_DOWN, times: 2 });
  expect(await text(KEY)).toBe('one');
  await faults.add({ meets: { method: 'GET', path: bucket.name }, action: SLOW_DOWN, times: 1_000 });
  await expect(objects.get(KEY)).rejects.toMatchObject({ name: 'ThrottledError', code: 'AWS_THROTTLED' });
});

test('a denial is a ConfigError that names the permission, the bucket and the key', async () => {
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied', message: 'Access Denied' } as const;
  await faults.add({ meets: { method: 'PUT', path: bucket.name }, action: denied, times: 1 });
  const error = await objects.put(KEY, Buffer.from('one')).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'ConfigError', code: 'AWS_DENIED' });
  expect(String(error)).toContain(`s3:PutObject on ${bucket.name}/${KEY}`);
});

describe('a conditional write whose answer is lost', () => {
  const lost = { ...SLOW_DOWN, kind: 'answer-after' } as const;

  test('is not taken for a lost race with itself', async () => {
    const one = await objects.put(KEY, Buffer.from('one'), { ifNoneMatch: '*' });
    await faults.add({ meets: { method: 'PUT', path: bucket.name }, action: lost, times: 1 });
    const two = await objects.put(KEY, Buffer.from('two'), { ifMatch: one });
    expect(await objects.get(KEY)).toMatchObject({ etag: two });
    expect(await text(KEY)).toBe('two');
  });

  test('is a lost race where somebody else did write', async () => {
    const one = await objects.put(KEY, Buffer.from('one'), { ifNoneMatch: '*' });
    await objects.put(KEY, Buffer.from('somebody else'));
    await faults.add({ meets: { method: 'PUT', path: bucket.name }, action: SLOW_DOWN, times: 1 });
    await expect(objects.put(KEY, Buffer.from('two'), { ifMatch: one })).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'PRECONDITION_FAILED',
    });
    expect(await text(KEY)).toBe('somebody else');
  });
});

test('409, which S3 answers to a write that met another, is a ConflictError', async () => {
  const conflict = {
    kind: 'answer',
    status: 409,
    code: 'ConditionalRequestConflict',
    message: 'again',
  } as const;
  await faults.add({ meets: { method: 'PUT', path: bucket.name }, action: conflict, times: 1 });
  await expect(objects.put(KEY, Buffer.from('one'), { ifNoneMatch: '*' })).rejects.toMatchObject({
    name: 'ConflictError',
  });
});

describe('a file of several parts that met another request for its key (409)', () => {
  const conflict = { status: 409, code: 'ConditionalRequestConflict', message: 'again' } as const;
  const completion = (name: string) => ({ method: 'POST', path: `${name}.*[?&]uploadId=` });
  const add = async (bytes: Uint8Array) => {
    const { folder, dispose } = await tempFolder();
    const file = path.join(folder, 'large.csv');
    await writeFile(file, bytes);
    const data = s3DataStore(bucket.place, objects, path.join(folder, 'copies'));
    try {
      return await data.addFile(file, KEY, { arrivedMs: 0 });
    } finally {
      await dispose();
    }
  };
  const bytes = randomBytes(65 * 1024 * 1024);

  test('is sent anew where the other did not come through', async () => {
    const action = { kind: 'answer', ...conflict } as const;
    await faults.add({ meets: completion(bucket.name), action, times: 2 });
    expect(await add(bytes)).toMatchObject({ key: KEY, existed: false });
    expect(Buffer.from((await objects.get(KEY))?.body ?? []).equals(bytes)).toBe(true);
  });

  test('is found to be there where it had come through', async () => {
    const action = { kind: 'answer-after', ...conflict } as const;
    await faults.add({ meets: completion(bucket.name), action, times: 1 });
    expect(await add(bytes)).toMatchObject({ key: KEY, existed: true });
  });

  test('is a TransientError where it stays so', async () => {
    const action = { kind: 'answer', ...conflict } as const;
    await faults.add({ meets: completion(bucket.name), action, times: 1_000 });
    await expect(add(bytes)).rejects.toMatchObject({ name: 'TransientError', code: 'KEY_BUSY' });
  });
});

test('a download whose parts fail for a while is whole', async () => {
  const { folder, dispose } = await tempFolder();
  const bytes = randomBytes(20 * 1024 * 1024);
  await objects.put(KEY, bytes);
  const data = s3DataStore(bucket.place, objects, path.join(folder, 'copies'));
  await faults.add({ meets: { method: 'GET', path: bucket.name }, action: SLOW_DOWN, times: 3 });
  expect(await data.digest(KEY)).toHaveLength(64);
  expect((await readFile(await data.localPath(KEY))).equals(bytes)).toBe(true);
  await dispose();
});
