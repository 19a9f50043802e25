import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Finished, LAUNCHER } from './assay.ts';
import { runMain } from './run-main.ts';
import { goodSales, MIXED_SALES, openShop, type Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
  await rm(path.join(shop.cwd, 'lake'), { recursive: true });
});
afterEach(() => shop.dispose());

/** Runs the command under a umask, which all threads of a process have. */
async function assayUnder(umask: number, args: readonly string[]): Promise<Finished> {
  const own = process.umask(umask);
  try {
    return await runMain(args, shop);
  } finally {
    process.umask(own);
  }
}

/** Runs the command in a process with a umask, as another user where one is named. */
function assayAs(uid: number | undefined, umask: string, args: readonly string[]): Promise<Finished> {
  const script = `umask ${umask}; exec "$@"`;
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, LAUNCHER, ...args], {
    cwd: shop.cwd,
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
  });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

/** The modes in the lake, files and folders apart, each once, in octal as ls and find know them. */
async function modes(): Promise<{ files: string[]; folders: string[] }> {
  const root = path.join(shop.cwd, 'lake');
  const found = { files: new Set<string>(), folders: new Set<string>() };
  for (const name of ['', ...(await readdir(root, { recursive: true }))]) {
    const stats = await stat(path.join(root, name));
    (stats.isDirectory() ? found.folders : found.files).add((stats.mode & 0o7777).toString(8));
  }
  return { files: [...found.files].sort(), folders: [...found.folders].sort() };
}

/** A lake that was worked on: files of every kind are there. */
async function work(umask: number, ...init: string[]): Promise<void> {
  await shop.write('mixed.csv', MIXED_SALES);
  await shop.write('good.csv', goodSales(100, 2500));
  for (const args of [
    ['init', ...init],
    ['ingest', 'mixed.csv', '--dataset', 'shop.sales'],
    ['run'],
    ['ingest', 'good.csv', '--dataset', 'shop.sales'],
    ['run'],
    ['audit'],
    ['quarantine', 'condemn', '--code', 'RANGE_ERROR', '--dataset', 'shop.sales', '--reason', 'x'],
    ['compact', 'shop.sales', '--target-mb', '1', '--reason', 'x'],
  ]) {
    const { code, err } = await assayUnder(umask, args);
    expect([args[0], code, err]).toEqual([args[0], 0, expect.anything()]);
  }
}

describe('the files of a lake', () => {
  test("are their owner's alone, whatever the umask", async () => {
    await work(0o000);
    expect(await modes()).toEqual({ files: ['600'], folders: ['700'] });
  });

  test('are for its group, too, where it is shared so, whatever the umask', async () => {
    await work(0o077, '--share', 'group');
    expect(await modes()).toEqual({ files: ['660'], folders: ['2770'] });
    expect((await assayUnder(0o022, ['init', '--share', 'everybody'])).code).toBe(2);
    expect((await assayUnder(0o022, ['init', '--share', 'nobody'])).code).toBe(0);
    expect(await modes()).toEqual({ files: ['600'], folders: ['700'] });
    expect((await assayUnder(0o000, ['run'])).code).toBe(0);
    expect(await modes()).toEqual({ files: ['600'], folders: ['700'] });
  });

  test('of an earlier version are tightened by upgrade', async () => {
    await work(0o022);
    const root = path.join(shop.cwd, 'lake');
    for (const name of ['', ...(await readdir(root, { recursive: true }))]) {
      const file = path.join(root, name);
      await chmod(file, (await stat(file)).isDirectory() ? 0o755 : 0o644);
    }
    const dry = await assayUnder(0o022, ['upgrade', '--dry-run']);
    expect(dry.out).toMatch(/\d+ files and folders of the lake would get the mode/);
    expect(await modes()).toEqual({ files: ['644'], folders: ['755'] });
    expect((await assayUnder(0o022, ['upgrade', '--reason', 'x'])).code).toBe(0);
    expect(await modes()).toEqual({ files: ['600'], folders: ['700'] });
  });
});

test('a query needs no right to write, nor the secret; what needs it says so', async () => {
  await work(0o022);
  await shop.write('new.csv', goodSales(1, 1));
  const root = path.join(shop.cwd, 'lake');
  // Root may do anything: it becomes nobody. Who isn't root takes its own rights to write away.
  const isRoot = process.getuid?.() === 0;
  const [folder, file] = isRoot ? [0o755, 0o644] : [0o555, 0o444];
  await chmod(shop.cwd, 0o755);
  const names = await readdir(root, { recursive: true });
  for (const name of ['', ...names].reverse()) {
    const one = path.join(root, name);
    if (name !== 'assay-lake.json') await chmod(one, (await stat(one)).isDirectory() ? folder : file);
  }
  const reader = isRoot ? 65_534 : undefined;
  try {
    await expect(isRoot ? Promise.reject(new Error('closed')) : mkdir(path.join(root, 'x'))).rejects.toThrow(
      /closed|EACCES/,
    );
    for (const sql of [
      'SELECT count(*) AS n FROM silver.shop_sales',
      'SELECT CAST(sum(sales) AS BIGINT) AS n FROM gold.shop_monthly_sales',
    ]) {
      const { code, out, err } = await assayAs(reader, '022', ['query', sql, '--format', 'csv']);
      expect([code, out, err]).toEqual([0, 'n\n2403\n', '']);
    }
    const ops = 'SELECT count(*) > 0 AS some FROM ops.runs, ops.quarantine';
    expect((await assayAs(reader, '022', ['query', ops, '--format', 'csv'])).out).toBe('some\ntrue\n');
    expect((await assayAs(reader, '022', ['report', 'shop.monthly_sales'])).code).toBe(0);
    const refused = await assayAs(reader, '022', ['ingest', 'new.csv', '--dataset', 'shop.sales']);
    expect([refused.code, refused.err]).toEqual([
      isRoot ? 2 : refused.code,
      expect.stringContaining('assay:'),
    ]);
    // It left nothing behind, and could not have.
    expect((await readdir(root, { recursive: true })).sort()).toEqual([...names].sort());
  } finally {
    for (const name of ['', ...names]) {
      const one = path.join(root, name);
      if ((await stat(one)).isDirectory()) await chmod(one, 0o755);
    }
  }
});
