import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ReportJson, RunsJson } from './shapes.ts';

/** The first forty payments of Leeds City Council's file of December 2010, byte for byte; see README.md here. */
const SLICE = fileURLToPath(new URL('leeds-2010-12.csv', import.meta.url));
const CONTRACTS = fileURLToPath(new URL('../../contracts', import.meta.url));

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterAll(() => dispose());

test('a real file goes from a drop to a finance figure with the shipped contracts', async () => {
  const contracts = ['--contracts', CONTRACTS];
  expect((await runMain(['init'], { cwd })).code).toBe(0);
  expect(
    (await runMain(['ingest', SLICE, '--dataset', 'spend.council_payments', ...contracts], { cwd })).code,
  ).toBe(0);
  const ran = await runMainJson(['run', '--dataset', 'spend.council_payments', ...contracts], { cwd });
  expect(ran.code).toBe(0);
  const runs = RunsJson.parse(ran.json);
  expect(runs.map(({ dataset, status }) => `${dataset} ${status}`)).toEqual([
    'spend.council_payments promoted',
  ]);
  expect(runs[0]?.counts).toEqual({ records: 40, silver: 40, quarantined: 0, condemned: 0, blank: 0 });
  const report = ReportJson.parse(
    (await runMainJson(['report', 'spend.monthly_totals', ...contracts], { cwd })).json,
  );
  const cents = report.rows.reduce(
    (sum, { net_amount }) => sum + BigInt(String(net_amount).replace('.', '')),
    0n,
  );
  expect(String(cents)).toBe(runs[0]?.controlTotals[0]?.in.replace('.', ''));
});
