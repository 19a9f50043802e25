import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const big = { maxBuffer: 64 * 1024 * 1024 };

let cwd: string;
let dispose: () => Promise<void>;
/** An empty folder, with nothing but the package that `npm pack` makes, installed as anyone would. */
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await run('npm', ['pack', '--pack-destination', cwd, '--loglevel=error'], { cwd: ROOT, ...big });
  await writeFile(path.join(cwd, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', './assay-0.1.0.tgz'];
  await run('npm', install, { cwd, ...big });
});
afterAll(() => dispose());

const assay = async (...args: string[]): Promise<string> =>
  (await run('npx', ['--no-install', 'assay', ...args], { cwd, ...big })).stdout;

describe('the npm package', () => {
  test('brings no TypeScript to run, no compiler and no test', () => {
    const modules = path.join(cwd, 'node_modules');
    for (const name of ['tsx', 'typescript', 'esbuild', 'jest', 'aws-cdk-lib'])
      expect([name, existsSync(path.join(modules, name))]).toEqual([name, false]);
    for (const name of ['test', 'cli/main.ts', 'dist/test'])
      expect([name, existsSync(path.join(modules, 'assay', name))]).toEqual([name, false]);
  });

  test('runs the demo: the figures of the council', async () => {
    expect((await assay('--version')).trim()).toBe('0.1.0');
    const shown = await assay('demo');
    expect(shown).toContain('5 files checked: no problems.');
    expect(shown).toContain('nothing to do');
    const csv = await assay(
      'query',
      'SELECT count(*) AS n FROM silver.spend_council_payments',
      ...['--format', 'csv', '--lake', 'lake/demo', '--contracts', 'node_modules/assay/dist/contracts'],
    );
    // docs/examples.md: 9,393 payments of the files that are shipped.
    expect(Number(csv.split('\n')[1])).toBeGreaterThan(5000);
  });

  test('serves the demo’s lake, with all that its pages name', async () => {
    const places = ['--lake', 'lake/demo', '--contracts', 'node_modules/assay/dist/contracts'];
    const launcher = path.join(cwd, 'node_modules/assay/cli/assay.mjs');
    const child = spawn(process.execPath, [launcher, 'serve', '--port', '0', '--json', ...places], { cwd });
    try {
      const [line] = await once(child.stdout, 'data');
      const { url, token } = JSON.parse(String(line));
      const page = await fetch(url, { headers: { authorization: `Bearer ${token}`, accept: 'text/html' } });
      const text = await page.text();
      expect([page.status, text]).toEqual([200, expect.stringContaining('spend.council_payments')]);
      const named = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, at]) => at);
      expect(named.sort()).toEqual([
        '/assets/icon.svg',
        '/assets/reports.css',
        '/assets/script.js',
        '/assets/style.css',
      ]);
      for (const at of named) expect([at, (await fetch(`${url}${at}`)).status]).toEqual([at, 200]);
    } finally {
      child.kill();
    }
  });

  test('makes a dataset of a file', async () => {
    await writeFile(
      path.join(cwd, 'orders.csv'),
      'order_no,ordered_on,total\n1,2024-01-05,12.50\n2,2024-02-01,1.25\n',
    );
    await assay(
      'new',
      'dataset',
      'orders.csv',
      '--dataset',
      'shop.orders',
      '--owner',
      'shop',
      '--purpose',
      'Orders.',
    );
    const csv = await assay('query', 'SELECT sum(total) AS total FROM silver.shop_orders', '--format', 'csv');
    expect(csv).toBe('total\n13.75\n');
  });

  test('is a library with types: what docs/library.md shows compiles and runs', async () => {
    const page = await readFile(path.join(ROOT, 'docs/library.md'), 'utf8');
    const program = /^```ts\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
    expect(program).toContain("from 'assay'");
    await writeFile(path.join(cwd, 'program.ts'), program);
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const types = path.join(ROOT, 'node_modules/@types');
    await mkdir(path.join(cwd, 'types'));
    await symlink(path.join(types, 'node'), path.join(cwd, 'types/node'));
    const options = [
      '--strict',
      '--module',
      'NodeNext',
      '--target',
      'ES2023',
      '--skipLibCheck',
      '--typeRoots',
      'types',
      '--types',
      'node',
    ];
    await run(process.execPath, [tsc, ...options, 'program.ts'], { cwd });
    const { stdout } = await run(process.execPath, ['program.js'], { cwd });
    expect(JSON.parse(stdout)).toEqual({ status: 'promoted', rows: [{ n: 1, total: '99.95' }] });
  });
});

test('a dataset of one’s own in contracts/ breaks no test that reads the shipped ones', async () => {
  const clone = path.join(cwd, 'clone');
  const parts = [
    'adapters',
    'cli',
    'contracts',
    'etl',
    'index.ts',
    'jest.config.mjs',
    'lib',
    'library',
    'package.json',
    'service',
    'sql',
    'state-machines',
    'tsconfig.json',
    'cdk.json',
    'lambdas',
  ];
  for (const part of [...parts, 'test'])
    await cp(path.join(ROOT, part), path.join(clone, part), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(clone, 'node_modules'));
  const own = path.join(cwd, 'contracts/shop/orders.yaml');
  await mkdir(path.join(clone, 'contracts/shop'));
  await cp(own, path.join(clone, 'contracts/shop/orders.yaml'));
  const jest = ['--no-warnings', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-w', '1'];
  const tests = [
    'test/contract/shipped-contracts',
    'test/lib/named-queries',
    'test/lib/template',
    'test/cli/leeds',
  ];
  await run(process.execPath, [...jest, ...tests], { cwd: clone, ...big });
});
