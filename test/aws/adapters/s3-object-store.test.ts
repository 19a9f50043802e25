import { expect, test } from '@jest/globals';
import { s3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { objectStoreSuite } from '../../adapters/object-store-suite.ts';
import { testBucket } from './test-bucket.ts';

objectStoreSuite('s3', async () => {
  const { place, dispose } = await testBucket();
  return { store: s3ObjectStore(place), dispose };
});

test('a listing of more than a page has every object', async () => {
  const { place, dispose } = await testBucket();
  const store = s3ObjectStore(place);
  const keys = Array.from({ length: 1_050 }, (_, n) => `many/${String(n).padStart(4, '0')}`);
  for (let start = 0; start < keys.length; start += 50)
    await Promise.all(keys.slice(start, start + 50).map((key) => store.put(key, new Uint8Array())));
  expect((await store.list('many/')).map(({ key }) => key)).toEqual(keys);
  await Promise.all(keys.slice(0, 100).map((key) => store.remove(key)));
  await dispose();
});

test('a bucket that is not there is a ConfigError that names it', async () => {
  const { place, dispose } = await testBucket();
  const elsewhere = s3ObjectStore({ ...place, bucketOf: () => 'no-such-bucket-anywhere' });
  for (const call of [
    () => elsewhere.get('ops/a'),
    () => elsewhere.list('ops/'),
    () => elsewhere.put('ops/a', new Uint8Array()),
  ]) {
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ConfigError', code: 'AWS_MISSING' });
    expect(String(error)).toContain('no-such-bucket-anywhere');
  }
  await dispose();
});
