import { createHash, randomBytes } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type S3DataStore, s3DataStore } from '../../../adapters/aws/s3-data-store.ts';
import { s3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { digestMemoKey } from '../../../etl/naming/upkeep.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { type TestBucket, testBucket } from './test-bucket.ts';

const ARRIVAL = { arrivedMs: Date.parse('2024-05-01T06:00:00.123Z') };
const MIB = 1024 * 1024;
const KEY = 'bronze/a/b/ingest_date=2024-01-01/März (1).csv';

let bucket: TestBucket;
let objects: ObjectStore;
let data: S3DataStore;
let temp: Awaited<ReturnType<typeof tempFolder>>;

beforeEach(async () => {
  bucket = await testBucket();
  temp = await tempFolder();
  objects = s3ObjectStore(bucket.place);
  data = s3DataStore(bucket.place, objects, path.join(temp.folder, 'copies'));
});
afterEach(async () => {
  await data.forgetCopies();
  await temp.dispose();
  await bucket.dispose();
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function scratchFile(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(temp.folder, name);
  await writeFile(file, bytes);
  return file;
}

async function streamed(key: string): Promise<{ bytes: Buffer; largest: number }> {
  const pieces: Uint8Array[] = [];
  for await (const piece of data.stream(key)) pieces.push(piece);
  return { bytes: Buffer.concat(pieces), largest: Math.max(0, ...pieces.map((piece) => piece.byteLength)) };
}

test.each([0, 1, 5 * MIB + 3, 40 * MIB + 1])(
  'a file of %d bytes is published, streamed, digested and copied byte for byte',
  async (sizeBytes) => {
    const bytes = randomBytes(sizeBytes);
    const file = await scratchFile('out', bytes);
    await data.publish(file, KEY);
    await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
    const { bytes: read, largest } = await streamed(KEY);
    expect(read.equals(bytes)).toBe(true);
    expect(largest).toBeLessThan(4 * MIB);
    expect(await data.digest(KEY)).toBe(sha256(bytes));
    expect((await readFile(await data.localPath(KEY))).equals(bytes)).toBe(true);
  },
);

test('a digest is remembered for the version that was read, and not for the next', async () => {
  await objects.put(KEY, Buffer.from('one'));
  expect(await data.digest(KEY)).toBe(sha256(Buffer.from('one')));
  const memo = await objects.get(digestMemoKey(KEY));
  expect(JSON.parse(Buffer.from(memo?.body ?? []).toString())).toMatchObject({
    digest: sha256(Buffer.from('one')),
  });
  await objects.put(KEY, Buffer.from('two'));
  expect(await data.digest(KEY)).toBe(sha256(Buffer.from('two')));
});

test('the checksum that S3 keeps of an added file is its digest, and nothing is read or remembered for it', async () => {
  const bytes = randomBytes(1000);
  const added = await data.addFile(await scratchFile('in.csv', bytes), KEY, ARRIVAL);
  expect(added).toEqual({ key: KEY, digest: sha256(bytes), sizeBytes: 1000, existed: false });
  const { ChecksumSHA256 } = await bucket.place.s3.send(
    new HeadObjectCommand({ Bucket: bucket.name, Key: KEY, ChecksumMode: 'ENABLED' }),
  );
  expect(ChecksumSHA256).toBe(Buffer.from(sha256(bytes), 'hex').toString('base64'));
  expect(await data.digest(KEY)).toBe(sha256(bytes));
  expect(await objects.get(digestMemoKey(KEY))).toBeUndefined();
});

test('an added file is never written over: the same bytes are there already, other bytes are a conflict', async () => {
  const file = await scratchFile('in.csv', Buffer.from('one'));
  await data.addFile(file, KEY, ARRIVAL);
  expect(await data.addFile(file, KEY, ARRIVAL)).toMatchObject({ existed: true });
  const other = await scratchFile('other.csv', Buffer.from('two'));
  await expect(data.addFile(other, KEY, ARRIVAL)).rejects.toMatchObject({
    name: 'ConflictError',
    code: 'NAME_TAKEN',
    context: { digest: sha256(Buffer.from('two')) },
  });
  expect((await streamed(KEY)).bytes.toString()).toBe('one');
});

test('a large file is added in parts, write-once as well', async () => {
  const bytes = randomBytes(65 * MIB);
  const file = await scratchFile('large.csv', bytes);
  expect(await data.addFile(file, KEY, ARRIVAL)).toMatchObject({ existed: false, digest: sha256(bytes) });
  expect(await data.digest(KEY)).toBe(sha256(bytes));
  const other = await scratchFile('other.csv', randomBytes(65 * MIB));
  await expect(data.addFile(other, KEY, ARRIVAL)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  expect(await data.digest(KEY)).toBe(sha256(bytes));
});

test.each([1007, 1008, 1015, 1024])(
  'an object whose key has %i bytes has a digest, and it is remembered',
  async (length) => {
    const prefix = 'bronze/a/b/ingest_date=2024-01-01/';
    const key = `${prefix}${'x'.repeat(length - prefix.length)}`;
    await objects.put(key, Buffer.from('one'));
    expect(await data.digest(key)).toBe(sha256(Buffer.from('one')));
    expect(await objects.get(digestMemoKey(key))).toBeDefined();
    expect(await data.identify(key)).toMatchObject({ digest: sha256(Buffer.from('one')) });
  },
);

test('an arrival is what an ingest noted, else when the store got the object', async () => {
  await data.addFile(await scratchFile('in.csv', Buffer.from('one')), KEY, ARRIVAL);
  expect(await data.identify(KEY)).toMatchObject(ARRIVAL);
  const large = `${KEY}-large`;
  await data.addFile(await scratchFile('large.csv', randomBytes(65 * MIB)), large, ARRIVAL);
  expect(await data.identify(large)).toMatchObject(ARRIVAL);
  const dropped = `${KEY}-dropped`;
  await objects.put(dropped, Buffer.from('one'));
  const { arrivedMs } = await data.identify(dropped);
  expect(Math.abs(arrivedMs - Date.now())).toBeLessThan(60_000);
});

test('a copy is made once, and anew when the object was replaced', async () => {
  await objects.put(KEY, Buffer.from('one'));
  const [first, again] = await Promise.all([data.localPath(KEY), data.localPath(KEY)]);
  expect(again).toBe(first);
  await objects.put(KEY, Buffer.from('two!'));
  expect(await readFile(await data.localPath(KEY), 'utf8')).toBe('two!');
  expect(await readFile(first, 'utf8')).toBe('one');
  await data.forgetCopies();
  await expect(access(first)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(await data.localPath(KEY), 'utf8')).toBe('two!');
});

test('a copy that is given back leaves the disk; other copies stay, and it is made again where it is asked for', async () => {
  await objects.put(KEY, Buffer.from('one'));
  await objects.put(`${KEY}-other`, Buffer.from('other'));
  const [one, other] = [await data.localPath(KEY), await data.localPath(`${KEY}-other`)];
  await data.releasePath?.(one);
  await expect(access(one)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(other, 'utf8')).toBe('other');
  expect(await readFile(await data.localPath(KEY), 'utf8')).toBe('one');
  await data.releasePath?.(import.meta.filename);
  await access(import.meta.filename);
});

test('an object that is gone is a DataError that says so, whatever is asked of it', async () => {
  const gone = { name: 'DataError', code: 'NOT_FOUND' };
  await expect(streamed(KEY)).rejects.toMatchObject(gone);
  await expect(data.digest(KEY)).rejects.toMatchObject(gone);
  await expect(data.localPath(KEY)).rejects.toMatchObject(gone);
});

test('an object that is replaced while it is streamed is noticed', async () => {
  await objects.put(KEY, randomBytes(6 * MIB));
  const pieces = data.stream(KEY)[Symbol.asyncIterator]();
  await pieces.next();
  await objects.put(KEY, randomBytes(6 * MIB));
  const rest = (async () => {
    let count = 0;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
      count += next.value.byteLength;
    return count;
  })();
  // One request has all of it: either the old version to its end, or an error; never a mixture.
  const outcome = await rest.then(
    (count) => count,
    (error: { code?: string }) => error.code,
  );
  expect([outcome === 'OBJECT_CHANGED', Number(outcome) > 4 * MIB]).toContain(true);
});

test('a publish that is refused leaves no parts behind', async () => {
  await bucket.place.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: 'other' }));
  await expect(data.publish(path.join(temp.folder, 'missing'), KEY)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  const { Uploads = [] } = await bucket.place.s3.send(
    new ListMultipartUploadsCommand({ Bucket: bucket.name }),
  );
  expect(Uploads.map(({ Key }) => Key)).toEqual(['other']);
});
