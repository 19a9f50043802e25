import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { ROOT } from '../aws/support/python.ts';
import { runScript } from '../aws/support/read-tables.ts';
import { assay } from '../cli/assay.ts';
import { readSession } from './support/session.ts';

/** datacontract-cli has nothing against any contract: those that ship, those of the golden cases, and those that Assay writes. */

const { tools } = readSession();
const SCRIPT = path.join(ROOT, 'test/engines/readers/odcs.py');

let folder: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  const orders = path.join(ROOT, 'examples/mortgages/transactions/2024-q1.csv');
  const word = ['--owner', 'me', '--purpose', 'A try.'];
  for (const args of [
    ['new', 'dataset', orders, '--dataset', 'shop.orders', ...word, '--no-run'],
    ['new', 'gold', 'shop.monthly', '--from', 'shop.orders', ...word],
  ]) {
    const { code, err } = await assay(args, { cwd: folder });
    expect({ args, code, err }).toMatchObject({ args, code: 0 });
  }
  await cp(path.join(ROOT, 'contracts'), path.join(folder, 'contracts'), { recursive: true });
});
afterAll(() => dispose());

async function contractsBelow(root: string): Promise<string[]> {
  const files = await readdir(root, { recursive: true });
  return files.filter((file) => file.endsWith('.yaml')).map((file) => path.join(root, file));
}

test('every contract is valid as the standard has it', async () => {
  const files = [
    ...(await contractsBelow(path.join(folder, 'contracts'))),
    ...(await contractsBelow(path.join(ROOT, 'test/golden'))),
  ];
  expect(files.length).toBeGreaterThan(60);
  const found = JSON.parse(await runScript(tools.datacontract, SCRIPT, JSON.stringify(files)));
  expect(found).toEqual(Object.fromEntries(files.map((file) => [file, []])));
});
