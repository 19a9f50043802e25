import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AwsLake } from '../../../adapters/aws/aws-lake.ts';
import { filesWaiting, protectLanded } from '../../../adapters/aws/protect-landed.ts';
import { s3DataStore } from '../../../adapters/aws/s3-data-store.ts';
import { type LandedFile, type Landing, s3Landing } from '../../../adapters/aws/s3-landing.ts';
import { s3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { dynamoVault } from '../../../adapters/aws/vault/dynamo-vault.ts';
import { pointersAreTheCatalog } from '../../../adapters/local/catalog.ts';
import { fileContractSource } from '../../../adapters/local/contract-source.ts';
import { runDataset } from '../../../adapters/local/run-dataset.ts';
import { scratchOpener } from '../../../adapters/local/scratch.ts';
import type { Alert, Effects } from '../../../etl/ports.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { ROOT } from '../support/python.ts';
import { type TestBucket, testBucket } from './test-bucket.ts';
import { dynamo, kms, makePlace, wrappingKeys } from './test-vault.ts';

/** What protects the files that sources drop, on S3, DynamoDB and KMS: the customers of a shop, who are made up. */

const SHOP = path.join(ROOT, 'examples/shop');
const FILE = path.join(SHOP, 'customers/2026-08.csv');
const KEY = 'shop/customers/2026-08.csv';

let lakeBucket: TestBucket;
let landingBucket: TestBucket;
let landing: Landing;
let lake: AwsLake;
let wrapping: ReadonlyMap<string, string>;
const alerts: Alert[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [lakeBucket, landingBucket] = [await testBucket(), await testBucket()];
  const temp = await tempFolder();
  wrapping = await wrappingKeys('ids', 'identity', 'contact', 'notes');
  // The store's own clock is the system's.
  const clock = { now: () => new Date() };
  const vault = await makePlace(wrapping, { ...clock, set: () => undefined });
  const objects = s3ObjectStore(lakeBucket.place);
  const data = s3DataStore(lakeBucket.place, objects, path.join(temp.folder, 'copies'));
  const effects: Effects = {
    ...{ objects, data, clock },
    openScratch: scratchOpener(path.join(temp.folder, 'scratch')),
    contracts: fileContractSource({
      contractsDir: path.join(SHOP, 'contracts'),
      sqlDir: path.join(SHOP, 'sql/gold'),
    }),
    alerts: { send: async (alert) => void alerts.push(alert) },
    catalog: pointersAreTheCatalog,
    engine: { memoryLimitMb: 400, threads: 2, folders: [path.join(temp.folder, 'copies')] },
    digestKey: () => 'a test',
    vault: dynamoVault(vault.place),
  };
  lake = { effects, data, place: lakeBucket.place } as unknown as AwsLake;
  landing = s3Landing(landingBucket.place.s3, landingBucket.name);
  closing.push(vault.dispose, temp.dispose);
});
afterAll(async () => {
  for (const close of closing) await close();
  for (const bucket of [lakeBucket, landingBucket]) await bucket.dispose();
  dynamo.destroy();
  kms.destroy();
});

const drop = async (key: string, bytes: string | Uint8Array): Promise<void> => {
  await landingBucket.place.s3.send(
    new PutObjectCommand({ Bucket: landingBucket.name, Key: key, Body: bytes }),
  );
};
const keysIn = async ({ place, name }: TestBucket): Promise<string[]> => {
  const { Contents = [] } = await place.s3.send(new ListObjectsV2Command({ Bucket: name }));
  return Contents.map(({ Key = '' }) => Key);
};
const created = (key: string) => ({ 'detail-type': 'Object Created', detail: { object: { key } } });

/** Values of the file that must be nowhere: fields with a letter and of twelve characters or more, cities aside. */
async function secretsOf(file: string): Promise<string[]> {
  const [header = '', ...lines] = (await readFile(file, 'utf8')).split('\n');
  expect(header).toContain(',');
  return [...new Set(lines.flatMap((line) => line.split(',').slice(0, 4)))].filter(
    (value) => value.length >= 12 && /[a-z@]/i.test(value),
  );
}

describe('a file in the landing bucket', () => {
  test('stays there, and nothing is stored, while a key of KMS is switched off', async () => {
    await drop(KEY, await readFile(FILE));
    const KeyId = wrapping.get('contact');
    await kms.send(new DisableKeyCommand({ KeyId }));
    try {
      await expect(protectLanded(created(KEY), lake, landing)).rejects.toMatchObject({
        code: 'VAULT_UNUSABLE',
      });
    } finally {
      await kms.send(new EnableKeyCommand({ KeyId }));
    }
    expect(await keysIn(landingBucket)).toEqual([KEY]);
    expect((await keysIn(lakeBucket)).filter((key) => key.startsWith('bronze/'))).toEqual([]);
  });

  test('goes to Bronze sealed, and from the landing bucket, once; what is published holds none of its values', async () => {
    const { bronze } = await protectLanded(created(KEY), lake, landing);
    expect(bronze).toEqual([
      expect.stringMatching(/^bronze\/shop\/customers\/.*\/[a-z2-7]{26}\.sealed\.csv$/),
    ]);
    expect(await keysIn(landingBucket)).toEqual([]);
    // The event once more, and the same bytes under another name.
    expect(await protectLanded(created(KEY), lake, landing)).toEqual({ bronze: [], refused: [] });
    await drop('shop/customers/again.csv', await readFile(FILE));
    expect((await protectLanded(created('shop/customers/again.csv'), lake, landing)).bronze).toEqual(bronze);

    const [run] = await runDataset('shop.customers', lake.effects);
    expect(run?.status).toBe('promoted');
    const secrets = await secretsOf(FILE);
    expect(secrets.length).toBeGreaterThan(10);
    for (const key of await keysIn(lakeBucket)) {
      const { Body } = await lakeBucket.place.s3.send(
        new GetObjectCommand({ Bucket: lakeBucket.name, Key: key }),
      );
      const text = Buffer.from((await Body?.transformToByteArray()) ?? []).toString('latin1');
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    }
  });

  test('that can’t be protected stays, and people are told which and why, without a value', async () => {
    await drop('shop/customers/bad.csv', 'What is this?\nGrace Hopper-Murray\n');
    await drop('spend/elsewhere/file.csv', 'a,b\n1,2\n');
    await drop('stray.csv', 'a,b\n1,2\n');
    alerts.length = 0;
    for (const key of ['shop/customers/bad.csv', 'spend/elsewhere/file.csv', 'stray.csv']) {
      const { bronze, refused } = await protectLanded(created(key), lake, landing);
      expect(bronze).toEqual([]);
      expect(refused).toHaveLength(1);
    }
    expect(alerts.map(({ kind, details }) => [kind, details.key])).toEqual([
      ['drop-refused', 'shop/customers/bad.csv'],
      ['drop-refused', 'spend/elsewhere/file.csv'],
      ['drop-refused', 'stray.csv'],
    ]);
    expect(JSON.stringify(alerts)).not.toContain('Hopper');
    expect(await keysIn(landingBucket)).toHaveLength(3);
  });

  test('whose event was lost is protected by the sweep, unless it came a moment ago', async () => {
    await drop('shop/customers/2026-09.csv', await readFile(path.join(SHOP, 'customers/2026-09.csv')));
    const early = { ...lake, effects: { ...lake.effects, clock: { now: () => new Date() } } };
    expect((await protectLanded({ sweep: true }, early, landing)).bronze).toEqual([]);
    const later = { now: () => new Date(Date.now() + 3_600_000) };
    const { bronze } = await protectLanded(
      { sweep: true },
      { ...lake, effects: { ...lake.effects, clock: later } },
      landing,
    );
    expect(bronze).toHaveLength(1);
    expect(await keysIn(landingBucket)).not.toContain('shop/customers/2026-09.csv');
  });

  test('that waits for hours is counted, unless it was sent to the service; one that the lifecycle removed is told of', async () => {
    const at = (hours: number) => ({ now: () => new Date(Date.now() + hours * 3_600_000) });
    const inHours = (hours: number): AwsLake => ({ ...lake, effects: { ...lake.effects, clock: at(hours) } });
    const waiting = (await keysIn(landingBucket)).length;
    await drop('service-uploads/some-id', 'Customer No\nC-1\n');
    expect(await filesWaiting(inHours(2), landing)).toBe(0);
    expect(await filesWaiting(inHours(4), landing)).toBe(waiting);
    // As https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html has it.
    const expired = (key: string) => ({
      'detail-type': 'Object Deleted',
      detail: { object: { key }, reason: 'Lifecycle Expiration', 'deletion-type': 'Permanently Deleted' },
    });
    alerts.length = 0;
    for (const key of ['shop/customers/bad.csv', 'shop/customers/bad.csv', 'service-uploads/some-id'])
      await protectLanded(expired(key), lake, landing);
    expect(alerts).toMatchObject([
      { kind: 'drop-refused', dataset: 'shop.customers', details: { key: 'shop/customers/bad.csv' } },
    ]);
    expect(alerts[0]?.title).toContain('never protected');
    // What was removed by protect itself is no news.
    const own = { 'detail-type': 'Object Deleted', detail: { object: { key: KEY }, reason: 'DeleteObject' } };
    await expect(protectLanded(own, lake, landing)).rejects.toMatchObject({ code: 'EVENT_SHAPE' });
  });

  test('that is too large is not begun: people are told what to do, and it stays', async () => {
    const large = {
      ...landing,
      find: async (key: string) => ({ ...(await landing.find(key)), sizeBytes: 48 * 2 ** 30 + 1 }),
    };
    await drop('shop/customers/large.csv', 'Customer No\nC-1\n');
    alerts.length = 0;
    const { refused } = await protectLanded(created('shop/customers/large.csv'), lake, large as Landing);
    expect(refused).toHaveLength(1);
    expect(alerts[0]?.title).toContain('assay ingest FILE --dataset D --target aws');
    expect(await keysIn(landingBucket)).toContain('shop/customers/large.csv');
    await landing.remove((await landing.find('shop/customers/large.csv')) as LandedFile);
  });
});

describe('a file that one call doesn’t come to the end of', () => {
  /** Small enough for a call to come through one range of them. */
  const bounds = {
    ...{ wholeBytes: 2_000, mostBytes: 10_000_000, workMs: -1 },
    ...{ rangeBytes: 256 * 1024, partBytes: 6 * 1024 ** 2, leastPartBytes: 5 * 1024 ** 2 },
  };
  const name = 'shop/customers/many.csv';
  let text: string;
  beforeAll(async () => {
    const [header = '', ...lines] = (await readFile(FILE, 'utf8')).split('\n').filter((line) => line !== '');
    const many = Array.from({ length: 40_000 }, (_, n) =>
      (lines[n % lines.length] ?? '').replace(/^C-\d+/, `C-${1000 + (n % 700)}`).replace('@', `-${n}@`),
    );
    // A value over several lines, records that can't be parsed, one that is too long.
    many.splice(
      900,
      0,
      `C-1001,"Ann\nOver ""three""\nlines",a@example.com,,02/11/1971,Leeds,yes,,09/08/2026`,
    );
    many.splice(1700, 0, 'C-1002,too,few', `C-1003,${'x'.repeat(200_000)},,,,,,,`);
    text = `\uFEFF${header}\n${many.join('\n')}\n`;
  });

  /** What is done of the file in calls until its end; how many there were. */
  async function inCalls(): Promise<{ calls: number; bronze: readonly string[] }> {
    for (let calls = 1; calls < 500; calls++) {
      const { unfinished, bronze } = await protectLanded(created(name), lake, landing, bounds);
      if (unfinished === undefined) return { calls, bronze };
      expect(unfinished).toEqual([name]);
      expect(bronze).toEqual([]);
    }
    throw new Error('no end');
  }

  test('is protected call by call, and is the same bytes as if it were protected at once', async () => {
    await drop(name, text);
    const before = await keysIn(lakeBucket);
    const first = await protectLanded(created(name), lake, landing, bounds);
    expect(first).toMatchObject({ unfinished: [name] });
    // A process that died after parts were sent, and before that was noted: they are sent again.
    const broken = brokenOff(lake);
    await expect(protectLanded(created(name), broken, landing, bounds)).rejects.toThrow('killed');
    const { calls, bronze } = await inCalls();
    expect(calls).toBeGreaterThan(2);
    const added = (await keysIn(lakeBucket)).filter((key) => !before.includes(key));
    expect(added.filter((key) => key.startsWith('bronze/'))).toEqual(bronze);
    expect(added.filter((key) => key.startsWith('ops/landing/'))).toEqual([]);
    expect(await keysIn(landingBucket)).not.toContain(name);
    // At once, as the same bytes are told by their name.
    const [key = ''] = bronze;
    const inParts = await bytesOf(key);
    await lakeBucket.place.s3.send(new DeleteObjectCommand({ Bucket: lakeBucket.name, Key: key }));
    await drop('shop/customers/again.csv', text);
    const whole = { ...bounds, wholeBytes: 10_000_000 };
    expect((await protectLanded(created('shop/customers/again.csv'), lake, landing, whole)).bronze).toEqual(
      bronze,
    );
    expect(Buffer.compare(inParts, await bytesOf(key))).toBe(0);
    // And by ranges once more, nothing is stored.
    await drop(name, text);
    expect(await inCalls()).toEqual({ calls: 1, bronze });
  }, 600_000);

  test('which its source replaces meanwhile begins anew; one with personal data in the clear leaves nothing', async () => {
    await drop(name, text.replace('C-1001', 'C-8001'));
    expect(await protectLanded(created(name), lake, landing, bounds)).toMatchObject({ unfinished: [name] });
    const other = text.replace('C-1001', 'C-9001');
    await drop(name, other);
    const { bronze } = await inCalls();
    expect((await bytesOf(bronze[0] ?? '')).toString()).not.toContain('C-9001');
    const last = text.replace(
      /\n$/,
      '\nC-1,a b,a@example.com,,02/11/1971,Leeds,ann.other@example.com,,09/08/2026\n',
    );
    await drop(name, last);
    alerts.length = 0;
    const before = await keysIn(lakeBucket);
    const { bronze: none } = await inCalls();
    expect(none).toEqual([]);
    expect(alerts.map(({ title }) => title).join()).toContain('personal data in the clear');
    expect(
      (await keysIn(lakeBucket)).filter((key) => !before.includes(key) && !/alerts|leases/.test(key)),
    ).toEqual([]);
    expect(await keysIn(landingBucket)).toContain(name);
    const { Uploads = [] } = await lakeBucket.place.s3.send(
      new ListMultipartUploadsCommand({ Bucket: lakeBucket.name }),
    );
    expect(Uploads).toEqual([]);
  }, 600_000);

  test('that is packed is refused with what to do, and stays', async () => {
    const packed = 'shop/customers/packed.csv.gz';
    await drop(packed, gzipSync(text));
    alerts.length = 0;
    const { refused } = await protectLanded(created(packed), lake, landing, bounds);
    expect(refused).toHaveLength(1);
    expect(alerts[0]?.title).toContain('is packed, a workbook or UTF-16');
    expect(alerts[0]?.title).toContain('assay ingest FILE --dataset D --target aws');
    expect(await keysIn(landingBucket)).toContain(packed);
  });
});

const bytesOf = async (key: string): Promise<Buffer> => {
  const { Body } = await lakeBucket.place.s3.send(
    new GetObjectCommand({ Bucket: lakeBucket.name, Key: key }),
  );
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

/** A lake whose process dies when it is to note what it did of a file. */
function brokenOff(whole: AwsLake): AwsLake {
  const { objects } = whole.effects;
  const put: Effects['objects']['put'] = async (key, ...rest) => {
    if (key.startsWith('ops/landing/')) throw new Error('killed');
    return await objects.put(key, ...rest);
  };
  return { ...whole, effects: { ...whole.effects, objects: { ...objects, put } } };
}
