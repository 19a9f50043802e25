import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until.ts';
import { startAssay } from './assay.ts';
import { runMain } from './run-main.ts';
import { goodSales, openShop, type Shop } from './shop.ts';

/** Whoever can only drop files must not have others' read: the secret lies outside of the drop folder. */
let shop: Shop;
let secret: string;
beforeEach(async () => {
  shop = await openShop();
  secret = await shop.write('outside/secret.csv', goodSales(900, 903));
  await mkdir(path.join(shop.cwd, 'drops/shop/sales'), { recursive: true });
});
afterEach(() => shop.dispose());

const inDrop = (name: string): string => path.join(shop.cwd, 'drops/shop/sales', name);
const bronze = async (): Promise<string[]> => {
  const folder = path.join(shop.cwd, 'lake/bronze/shop/sales');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => name.endsWith('.csv'))
    .map((name) => path.basename(name))
    .sort();
};
/** A good file beside one of each kind of link, a pipe and a device. */
async function dropAll(): Promise<void> {
  await writeFile(inDrop('good.csv'), goodSales(1, 3));
  await symlink(secret, inDrop('link.csv'));
  await symlink('nowhere', inDrop('broken.csv'));
  await link(secret, inDrop('hard.csv'));
  await symlink(path.dirname(secret), inDrop('folder'));
  await symlink('/dev/zero', inDrop('zero.csv'));
  execFileSync('mkfifo', [inDrop('pipe.csv')]);
}
const ingest = (...args: string[]) => runMain(['ingest', ...args, '--dataset', 'shop.sales'], shop);

describe('ingest', () => {
  test('takes no link, pipe or device from a folder or by a glob, and says why', async () => {
    await dropAll();
    for (const from of ['drops', 'drops/**/*.csv']) {
      const { code, err } = await ingest(from);
      expect(code).toBe(0);
      for (const [name, why] of [
        ['link.csv', 'is a link'],
        ['broken.csv', 'is a link'],
        ['zero.csv', 'is a link'],
        ['hard.csv', 'a hard link'],
        ['pipe.csv', 'is no regular file'],
      ])
        expect(err).toMatch(new RegExp(`skipped \\S*${name}: ${why?.replace('a hard', '.*a hard')}`));
      expect(await bronze()).toEqual(['good.csv']);
    }
  });

  test('refuses an argument that is a link: a shell names what lies in a folder', async () => {
    await dropAll();
    for (const name of ['link.csv', 'folder', 'zero.csv', 'pipe.csv']) {
      const { code, err } = await ingest(`drops/shop/sales/${name}`);
      expect([name, code, err]).toEqual([name, 2, expect.stringMatching(/is a link|is no regular file/)]);
    }
    expect(await bronze()).toEqual([]);
    // The path to it may lead through links, as on any machine.
    await symlink(path.join(shop.cwd, 'drops'), path.join(shop.cwd, 'by'));
    expect((await ingest('by/shop/sales/good.csv')).code).toBe(0);
  });

  test('takes them with --follow-links, but no pipe and no device', async () => {
    await dropAll();
    const { code, err } = await ingest('drops', '--follow-links');
    expect(code).toBe(0);
    expect(await bronze()).toEqual(
      expect.arrayContaining(['good.csv', 'hard.csv', 'link.csv', 'secret.csv']),
    );
    expect(err).toMatch(/broken.csv: is a link that leads to nothing/);
    expect(err).toMatch(/zero.csv: is no regular file/);
    expect(err).toMatch(/pipe.csv: is no regular file/);
    expect((await ingest('drops/shop/sales/zero.csv', '--follow-links')).code).toBe(2);
  });

  test('contracts infer looks at no link either', async () => {
    await dropAll();
    const { code, err } = await runMain(['contracts', 'infer', 'drops/shop/sales/link.csv'], shop);
    expect([code, err]).toEqual([2, expect.stringContaining('is a link')]);
  });
});

describe('watch', () => {
  test('--once takes the good file, and reports the others', async () => {
    await dropAll();
    const args = ['watch', '--drop', 'drops', '--once', '--settle', '0.1', '--json'];
    const { code, out } = await runMain(args, shop);
    const refused = out
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'refused');
    expect(refused.map(({ file }) => path.basename(file)).sort()).toEqual([
      'broken.csv',
      'folder',
      'hard.csv',
      'link.csv',
      'pipe.csv',
      'zero.csv',
    ]);
    expect(code).toBe(2);
    expect(await bronze()).toEqual(['good.csv']);
  });

  test('a link that comes while it watches is refused, and the folder of a dataset may be none', async () => {
    const child = startAssay(['watch', '--drop', 'drops', '--settle', '0.2', '--json'], shop);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    const seen = (pattern: RegExp): Promise<void> =>
      until(
        `assay watch tells ${pattern}`,
        () => pattern.test(text),
        () => `It told: ${text}`,
      );
    try {
      await seen(/"swept"/);
      await mkdir(path.join(shop.cwd, 'drops/evil'), { recursive: true });
      await symlink(path.dirname(secret), path.join(shop.cwd, 'drops/evil/set'));
      await dropAll();
      await writeFile(inDrop('late.csv.part'), goodSales(5, 6));
      await rename(inDrop('late.csv.part'), inDrop('late.csv'));
      await seen(/"ingested".*late\.csv/);
      await seen(/"refused".*link\.csv/);
      await seen(/"refused".*hard\.csv/);
      expect(text).not.toMatch(/"ingested".*(link|hard|zero|secret)\.csv/);
      expect(await bronze()).toEqual(['good.csv', 'late.csv']);
    } finally {
      child.kill('SIGINT');
      await new Promise((resolve) => child.once('close', resolve));
    }
  });
});
