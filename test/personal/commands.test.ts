import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../adapters/local/clock.ts';
import { openLake } from '../../adapters/local/lake.ts';
import { createVault } from '../../adapters/local/vault/folder-vault.ts';
import { vaultPlace } from '../../adapters/local/vault/vault-place.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from '../cli/run-main.ts';
import { salesContract } from '../cli/shop.ts';
import { FILE, payments } from './shop.ts';

let cwd: string;
let dispose: () => Promise<void>;
const env = { ASSAY_VAULT_KEY: randomBytes(32).toString('hex') };
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await mkdir(path.join(cwd, 'contracts'));
  await writeFile(path.join(cwd, 'contracts/payments.yaml'), payments);
  await writeFile(path.join(cwd, 'may.csv'), FILE);
  await ok('init');
  const lake = await openLake(path.join(cwd, 'lake'), {
    contractsDir: path.join(cwd, 'contracts'),
    sqlDir: cwd,
  });
  const { objects } = lake.effects;
  await createVault(vaultPlace(lake.root, { objects, clock: systemClock }, { key: env.ASSAY_VAULT_KEY }));
  await ok('ingest', 'may.csv', '--dataset', 'shop.payments');
  await ok('run');
});
afterAll(() => dispose());

async function ok(...args: string[]): Promise<string> {
  const { code, out, err } = await runMain(args, { cwd, env });
  expect({ args, code, err }).toEqual({ args, code: 0, err: expect.any(String) });
  return out;
}

const json = async (...args: string[]): Promise<unknown> =>
  JSON.parse(await ok(...args, '--json')) as unknown;

async function refused(...args: string[]): Promise<string> {
  const { code, err } = await runMain(args, { cwd, env });
  expect({ args, code }).toEqual({ args, code: 2 });
  return err;
}

const MAILS = ['query', 'SELECT payer_mail FROM silver.shop_payments ORDER BY id'];

test('a query reveals a data group for a reason, and tells who saw it', async () => {
  expect(await ok(...MAILS, '--format', 'csv')).not.toContain('@');
  expect(await refused(...MAILS, '--reveal', 'contact')).toContain('--reason is missing');
  expect(await refused(...MAILS, '--reason', 'x')).toContain('--reason is of no use without --reveal');
  expect(await refused(...MAILS, '--reveal', 'mails', '--reason', 'x')).toContain(
    "There is no data group 'mails'; there are assay.unknown, contact, ids, payees.",
  );
  const shown = await ok(
    ...MAILS,
    '--reveal',
    'contact',
    '--reason',
    'case 991',
    '--by',
    'eve',
    '--format',
    'csv',
  );
  expect(shown.split('\n')[1]).toBe('ann-planted@example.org');
  expect(await json('query', 'SELECT "by", reason, "column", "values" FROM ops.reveals')).toEqual([
    { by: 'eve', reason: 'case 991', column: 'payer_mail', values: 4 },
  ]);
});

test('an access writes a zip that only its owner can read, and never over another file', async () => {
  expect(await refused('privacy', 'access', '42')).toContain('--kind is missing');
  expect(await refused('privacy', 'access', '42', '--kind', 'customer', '--out', 'lake/a.zip')).toContain(
    'lies in the lake',
  );
  const found = await json('privacy', 'access', '42', '--kind', 'customer', '--out', 'ann.zip');
  expect(found).toMatchObject({
    kind: 'customer',
    records: 5,
    file: path.join(cwd, 'ann.zip'),
    forgottenAt: null,
  });
  expect((await stat(path.join(cwd, 'ann.zip'))).mode & 0o777).toBe(0o600);
  expect((await readFile(path.join(cwd, 'ann.zip'))).subarray(0, 2).toString()).toBe('PK');
  expect(
    (await runMain(['privacy', 'access', '42', '--kind', 'customer', '--out', 'ann.zip'], { cwd, env })).code,
  ).not.toBe(0);
});

test('forgetting without a reason shows what would go; with one it asks; another person approves', async () => {
  const dry = await ok('privacy', 'forget', '42', '--kind', 'customer');
  expect(dry).toContain('Would destroy the keys of this customer for the data groups');
  expect(dry).toContain('Nothing was done.');
  const words = ['--kind', 'customer', '--reason', 'letter', '--by', 'ann'];
  expect(await json('privacy', 'forget', '42', ...words, '--dry-run')).toMatchObject({
    state: 'dry-run',
    persons: 2,
  });
  const asked = (await json('privacy', 'forget', '042', ...words)) as { request: string };
  expect(asked).toEqual({ state: 'asked', request: expect.any(String), kind: 'customer' });
  expect(await ok('privacy', 'requests')).toMatch(/asked +customer +42 +ann/);
  const approve = ['privacy', 'forget', '--approve', asked.request];
  expect(await refused(...approve, '--by', 'ann')).toContain('somebody else must approve it');
  expect(await refused('privacy', 'forget', '43', '--approve', asked.request, '--by', 'bob')).toContain(
    'is about somebody else',
  );
  const done = await json(
    'privacy',
    'forget',
    '42',
    '--approve',
    asked.request,
    '--by',
    'bob',
    '--kind',
    'customer',
  );
  expect(done).toMatchObject({
    request: asked.request,
    state: 'forgotten',
    approved: { by: 'bob', reason: 'approved' },
  });
  expect(await ok('privacy', 'requests', asked.request)).toContain('unchanged: 1 table stand');
  const mails = await ok(...MAILS, '--reveal', 'contact', '--reason', 'case 992', '--format', 'csv');
  expect(mails).toContain('ben-planted@example.org');
  expect(mails).not.toContain('ann-planted');
});

test('nothing of what was planted stands anywhere in the lake, and what people decided is in ops.decisions', async () => {
  await writeFile(
    path.join(cwd, 'values.txt'),
    'ann-planted@example.org\nben-planted@example.org\nBen Planted-Payee\nann-planted-short\n',
  );
  expect(await json('privacy', 'verify', '--value-file', 'values.txt')).toMatchObject({
    found: [],
    notRead: [],
  });
  const kinds = await json(
    'query',
    "SELECT kind, count(*) AS n FROM ops.decisions WHERE dataset = 'assay.privacy' GROUP BY 1 ORDER BY 1",
  );
  expect(kinds).toEqual([
    { kind: 'accessed', n: 1 },
    { kind: 'forget-asked', n: 1 },
    { kind: 'forgotten', n: 1 },
  ]);
});

test.each([
  ['can not be used', payments.replace('unit: y', 'unit: q'), /no length of time/],
  ['is missing', undefined, /no contract for it: nobody can be looked for there/],
])('while a contract of sealed files %s, nobody is told or forgotten in part', async (_, text, said) => {
  const file = path.join(cwd, 'contracts/payments.yaml');
  const word = ['--kind', 'customer', '--reason', 'letter', '--by', 'ann'];
  const asked = (await json('privacy', 'forget', '43', ...word)) as { request: string };
  await (text === undefined ? rm(file) : writeFile(file, text));
  // Another dataset with people of that kind, so that something would be told.
  const other = payments.replaceAll('shop:', 'shop2:').replace('domain: shop', 'domain: shop2');
  await writeFile(path.join(cwd, 'contracts/other.yaml'), other);
  for (const args of [
    ['access', '43', ...word, '--out', 'part.zip'],
    ['forget', '43', ...word],
    ['forget', '43', '--kind', 'customer', '--dry-run'],
    ['forget', '--approve', asked.request, '--reason', 'seen', '--by', 'bob'],
    ['map'],
  ])
    expect(await refused('privacy', ...args)).toMatch(said);
  if (text !== undefined)
    for (const args of [['tend'], ['audit'], ['expire', '--condemned', '--older-than', '7y']])
      expect(await refused(...args)).toMatch(said);
  await rm(path.join(cwd, 'contracts/other.yaml'));
  await writeFile(file, payments);
  expect(await ok(...MAILS, '--reveal', 'contact', '--reason', 'x', '--format', 'csv')).toContain(
    'ben-planted@example.org',
  );
  await ok('privacy', 'forget', '--refuse', asked.request, '--reason', 'a test', '--by', 'ann');
});

test('the map is a table, and the settings say how many people a forgetting takes', async () => {
  expect(await ok('privacy', 'map')).toMatch(
    /shop\.payments +silver +payer_mail +encrypted +contact +customer +6 y from day/,
  );
  expect(await ok('privacy', 'settings')).toContain('two persons');
  expect(await refused('privacy', 'settings', '--persons', '3', '--reason', 'x')).toContain('write 1 or 2');
  expect(await json('privacy', 'settings', '--persons', '1', '--reason', 'there is but one')).toEqual({
    persons: 1,
    rememberYears: 10,
  });
  const done = await json('privacy', 'forget', '43', '--kind', 'customer', '--reason', 'letter');
  expect(done).toMatchObject({ state: 'forgotten', request: expect.any(String) });
});

test('a lake without protected data and without a vault has an empty map; one whose contracts protect wants its vault', async () => {
  const { folder, dispose: remove } = await tempFolder();
  await mkdir(path.join(folder, 'contracts'));
  await writeFile(path.join(folder, 'contracts/sales.yaml'), salesContract());
  expect((await runMain(['init'], { cwd: folder })).code).toBe(0);
  const empty = await runMain(['privacy', 'map'], { cwd: folder });
  expect([empty.code, empty.out]).toEqual([0, expect.stringContaining('No contract protects anything')]);
  await writeFile(path.join(folder, 'contracts/payments.yaml'), payments);
  const wanted = await runMain(['privacy', 'map'], { cwd: folder });
  expect([wanted.code, wanted.err]).toEqual([2, expect.stringContaining('There is no vault')]);
  await remove();
});
