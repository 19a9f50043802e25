import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../cli/commands.ts';
import { assay } from './assay.ts';
import { runMain } from './run-main.ts';
import { openShop } from './shop.ts';

/** `--target aws` as far as it needs no cloud; test/aws/65-command-line.test.ts has the rest. */

let shop: Awaited<ReturnType<typeof openShop>>;
let cwd: string;
beforeAll(async () => {
  shop = await openShop();
  ({ cwd } = shop);
});
afterAll(() => shop.dispose());

describe('a command line that says two things at once exits with 2', () => {
  test.each([
    [['runs', '--target', 'gcp'], '--target gcp is unknown: write local or aws'],
    [['runs', '--stack', 'Assay-staging'], 'add --target aws'],
    [['runs', '--target', 'local', '--stack', 'Assay-staging'], 'add --target aws'],
    [['runs', '--target', 'aws', '--lake', 'lake'], 'leave one of them out'],
    [['runs', '--target', 'aws', '--stack='], '--stack is empty'],
    [
      ['init', '--target', 'aws'],
      "'assay init' has no --target aws: a platform on AWS is made by deploying it",
    ],
    [['watch', '--target', 'aws', '--drop', '.'], "'assay watch' has no --target aws"],
    [['drill', '--target', 'aws'], "'assay drill' has no --target aws: it works on this machine alone"],
    [['query', 'SELECT 1', '--engine', 'athena'], 'add --target aws'],
    [['query', 'SELECT 1', '--engine', 'spark'], 'write athena or local'],
  ])('assay %j', async (args, meant) => {
    const { code, out, err } = await runMain(args, { cwd });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(meant);
  });
});

test.each(COMMANDS.map(({ name }) => name))('assay %s --help explains --target and --stack', async (name) => {
  const { out } = await runMain([...name.split(' '), '--help'], { cwd });
  expect(out).toMatch(/--target T +local, .* or aws/);
  expect(out).toMatch(/--stack NAME +.*\$ASSAY_STACK, then Assay-staging/);
});

test('contracts are checked whatever the target: they lie here', async () => {
  const { code } = await runMain(['contracts', 'check', '--target', 'aws'], { cwd });
  expect(code).toBe(0);
});

/** The modules that a command loads, by their URLs. */
async function loadedBy(args: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-loaded-'));
  try {
    const env = {
      NODE_V8_COVERAGE: folder,
      AWS_REGION: '',
      AWS_DEFAULT_REGION: '',
      AWS_CONFIG_FILE: '/nowhere',
    };
    await assay(args, { cwd, env });
    // One file a thread.
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
    const found = texts.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result);
    return found.map(({ url }) => url.replace(/\?.*$/, ''));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isSdk = (url: string): boolean => url.includes('/node_modules/@aws-sdk/');

test('only --target aws loads the AWS SDK, and only what runs loads the stages', async () => {
  const local = await loadedBy(['runs', '--lake', 'lake']);
  expect(local.some((url) => url.endsWith('/cli/commands/runs.ts'))).toBe(true);
  expect(local.filter(isSdk)).toEqual([]);
  expect(local.filter((url) => url.endsWith('/etl/stages/refine.ts'))).toEqual([]);
  expect((await loadedBy(['runs', '--target', 'aws'])).some(isSdk)).toBe(true);
});

test('without a region, it is said what to set', async () => {
  const env = { AWS_REGION: '', AWS_DEFAULT_REGION: '', AWS_CONFIG_FILE: '/nowhere' };
  const { code, err } = await assay(['runs', '--target', 'aws'], { cwd, env });
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('set AWS_REGION') });
});
