import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from '../cli/run-main.ts';
import { paymentsContract } from './adopted-shop.ts';

let cwd: string;
let dispose: () => Promise<void>;
const env = { ASSAY_VAULT_KEY: randomBytes(32).toString('hex') };
const DATASET = ['--dataset', 'shop.payments'];
const MAY = `id,customer,mail,code,secret,day,amount
p1,42,ann-planted@example.org,code-planted-1,,2024-05-01,10.00
p2,43,ben-planted@example.org,code-planted-2,,2024-05-02,20.00
p3,42,ann-planted at example.org,code-planted-3,,2024-05-03,30.00
`;

const write = (name: string, text: string): Promise<void> => writeFile(path.join(cwd, name), text);
const contract = (as: 'clear' | 'protected', version: string): Promise<void> =>
  write('contracts/payments.yaml', paymentsContract(as, version));

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await mkdir(path.join(cwd, 'contracts'));
  await contract('clear', '1.0.0');
  await write('may.csv', MAY);
  await write('again.csv', MAY);
  await ok('init');
  await ok('ingest', 'may.csv', 'again.csv', ...DATASET);
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

const ADOPT = ['privacy', 'adopt', 'shop.payments'];
const WORD = ['--reason', 'personal since version 2', '--by', 'ann'];

test('a dataset with files in the clear is adopted, once all is there for it, and can then be used as any', async () => {
  expect(await refused(...ADOPT)).toContain('protects no column');
  const [state] = (await json('snapshots', 'shop.payments')) as { snapshotId: number }[];
  await contract('protected', '2.0.0');
  expect(await refused(...ADOPT, ...WORD)).toContain('assay vault init');
  await ok('vault', 'init');
  const held = await runMain(['run'], { cwd, env });
  expect(held.code).not.toBe(0);
  expect(held.out).toMatch(/Next +assay privacy adopt shop\.payments$/);
  expect(held.out).not.toContain('migrate');
  const [alert = ''] = (await readdir(path.join(cwd, 'lake/ops/alerts'))).slice(-1);
  const told = await readFile(path.join(cwd, 'lake/ops/alerts', alert), 'utf8');
  expect(JSON.parse(told)).toMatchObject({
    kind: 'run-held',
    title: expect.stringContaining("'assay privacy adopt shop.payments'"),
    nextCommand: 'assay privacy adopt shop.payments',
  });
  expect(await refused('migrate', 'shop.payments', '--dry-run')).toContain(
    "'assay privacy adopt shop.payments'",
  );
  expect(await ok(...ADOPT)).toContain('Would seal 2 files of shop.payments');
  expect(await json(...ADOPT)).toMatchObject({
    ...{ files: 2, repeats: 1, retries: 0, corrections: 0, isMigration: true },
    snapshots: { 'silver.shop.payments': 1, 'source_files.shop.payments': 1 },
  });
  expect(await readdir(path.join(cwd, 'lake/bronze/shop/payments'), { recursive: true })).toHaveLength(3);
  expect(await json(...ADOPT, ...WORD)).toMatchObject({
    outcome: { lost: 0, rows: { before: 2, after: 2 } },
    run: { status: 'promoted' },
    record: {
      ...{ by: 'ann', reason: 'personal since version 2', discarded: [] },
      files: [
        { from: expect.stringContaining('/may.csv'), to: expect.stringContaining('.sealed.csv'), records: 3 },
        {
          from: expect.stringContaining('/again.csv'),
          to: expect.stringContaining('.sealed.csv'),
          records: 3,
        },
      ],
    },
  });
  await write('values.txt', 'ann-planted@example.org\nann-planted at example.org\ncode-planted-2\n');
  await ok('privacy', 'verify', '--value-file', 'values.txt');
  await ok('audit');
  const asked = await runMain(['rollback', 'shop.payments', '--to', `${state?.snapshotId}`, ...WORD], {
    cwd,
    env,
  });
  expect(asked.code).not.toBe(0);
  expect(asked.err).toContain('it was expired');
  expect(await json('query', `SELECT kind, "by" FROM ops.decisions WHERE kind = 'adopted'`)).toEqual([
    { kind: 'adopted', by: 'ann' },
  ]);
  expect(await json('ingest', 'may.csv', ...DATASET)).toMatchObject([{ existed: true }]);
  await write('june.csv', MAY.replaceAll('2024-05', '2024-06').replace('p1,', 'p9,'));
  await ok('ingest', 'june.csv', ...DATASET);
  await ok('run');
  const rows = `SELECT count(*) AS n, count(DISTINCT customer) AS people FROM silver.shop_payments`;
  expect(await json('query', rows)).toEqual([{ n: 3, people: 2 }]);
  await ok('privacy', 'settings', '--persons', '1', ...WORD);
  await ok('privacy', 'forget', '42', '--kind', 'customer', ...WORD);
  const mails = [
    'query',
    'SELECT mail FROM silver.shop_payments ORDER BY id',
    '--reveal',
    'contact',
    ...WORD,
  ];
  const shown = await ok(...mails, '--format', 'csv');
  expect(shown).toContain('ben-planted@example.org');
  expect(shown).not.toContain('ann-planted');
});
