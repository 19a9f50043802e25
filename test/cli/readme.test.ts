import { execFileSync } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';

/** The README's first steps, as they stand there, in a folder with nothing but the files that they name. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let cwd: string;
let dispose: () => Promise<void>;
let blocks: readonly string[][];
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp(path.join(ROOT, 'examples/start'), path.join(cwd, 'examples/start'), { recursive: true });
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trim().split('\n'));
});
afterAll(() => dispose());

/** The words of a command line, without `npx assay`; quotes keep words together. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  return words.slice(2);
}

/** Runs the block that makes a dataset, line by line; each must end well. */
async function follow(dataset: string): Promise<string> {
  const block = blocks.find(([first = '']) => first.includes(`--dataset ${dataset} `)) ?? [];
  expect([dataset, block.length]).toEqual([dataset, 4]);
  let last = '';
  for (const line of block) {
    const { code, out, err } = await runMain(wordsOf(line), { cwd });
    expect({ line, code, err }).toMatchObject({ line, code: 0 });
    last = out;
  }
  return last;
}

const rows = async (sql: string): Promise<unknown> => (await runMainJson(['query', sql], { cwd })).json;

/** Every expected figure was added up from the files by hand, and these by Python's csv and decimal. */
const ENERGY = [
  { as_of_month: '2026-05-01', sensor: 'roof-1', records: 8, energy_kwh: '7.799' },
  { as_of_month: '2026-05-01', sensor: 'roof-2', records: 8, energy_kwh: '12.423' },
  { as_of_month: '2026-05-01', sensor: 'yard-1', records: 8, energy_kwh: '10.902' },
  { as_of_month: '2026-06-01', sensor: 'roof-1', records: 8, energy_kwh: '7.237' },
  { as_of_month: '2026-06-01', sensor: 'roof-2', records: 8, energy_kwh: '11.809' },
  { as_of_month: '2026-06-01', sensor: 'yard-1', records: 8, energy_kwh: '11.134' },
];

describe('the README, followed word by word', () => {
  test('takes a shop from its file to its report', async () => {
    expect(await follow('shop.orders')).toContain('4 rows.');
    expect(
      await rows(
        `SELECT as_of_month, currency, records, order_total FROM gold.shop_monthly_orders ORDER BY ALL`,
      ),
    ).toEqual([
      { as_of_month: '2026-05-01', currency: 'EUR', records: 1, order_total: '4080.00' },
      { as_of_month: '2026-05-01', currency: 'GBP', records: 3, order_total: '422.50' },
      { as_of_month: '2026-06-01', currency: 'EUR', records: 2, order_total: '299.50' },
      { as_of_month: '2026-06-01', currency: 'GBP', records: 2, order_total: '324.50' },
    ]);
  });

  test('takes sensors from their file to their report', async () => {
    expect(await follow('plant.readings')).toContain('6 rows.');
    expect(
      await rows(
        `SELECT as_of_month, sensor, records, energy_kwh FROM gold.plant_monthly_energy ORDER BY ALL`,
      ),
    ).toEqual(ENERGY);
  });

  test('takes a bank from its statement to its report', async () => {
    expect(await follow('bank.payments')).toContain('2 rows.');
    expect(
      await rows(`SELECT as_of_month, records, amount FROM gold.bank_monthly_payments ORDER BY ALL`),
    ).toEqual([
      { as_of_month: '2026-05-01', records: 4, amount: '1243.60' },
      { as_of_month: '2026-06-01', records: 3, amount: '1231.50' },
    ]);
  });
});

test('the layout names every room, and no room that is not there', async () => {
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  const layout = readme.slice(readme.indexOf('\n## Layout\n'));
  const named = new Set(
    [...layout.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([\w/-]+)\/`/g)].map(([, folder = '']) => folder),
    ),
  );
  const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const rooms = new Set(tracked.flatMap((file) => roomOf(file)));
  expect([...named].sort()).toEqual([...rooms].sort());
});

/** The folder that a tracked file is in, as finely as the layout tells them apart. */
function roomOf(file: string): string[] {
  const parts = file.split('/');
  if (parts.length < 2 || ['.ci', '.github', 'docs'].includes(parts[0] ?? '')) return [];
  const [top = '', second = ''] = parts;
  if (top === 'sql') return ['sql/gold'];
  if (!['etl', 'adapters'].includes(top)) return [top];
  return parts.length > 2 ? [`${top}/${second}`] : top === 'etl' ? ['etl'] : [];
}
