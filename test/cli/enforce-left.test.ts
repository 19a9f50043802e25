import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { enforce } from '../../cli/commands/enforce.ts';
import { batchRuns } from '../../cli/enforce/batch-runs.ts';
import { datasetsOfTopics } from '../../cli/enforce/datasets-of-topics.ts';
import { policiesOf } from '../../cli/enforce/policies-of.ts';
import type { Io } from '../../cli/io.ts';
import { openLakeOf } from '../../cli/open-lake.ts';
import { parseCommandLine } from '../../cli/parse-args.ts';
import type { Outcome } from '../../etl/operations/run-datasets.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { until } from '../support/until.ts';
import { runMain } from './run-main.ts';

/** Events that a process landed before it died are published by the next one that reads their topic. */

const TOPIC = ['--topic', 'raw.orders.events'];
const POLICIES = ['--policies', 'examples/orders/policies'];
const env = { ASSAY_CONTRACTS: 'examples/orders/contracts' };

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/orders', path.join(cwd, 'examples/orders'), { recursive: true });
  await runMain(['init'], { cwd, env });
  const file = ['--from', 'examples/orders/raw.orders.events.jsonl', '--no-run'];
  const { code } = await runMain(['enforce', ...file, ...TOPIC, ...POLICIES], { cwd, env });
  expect(code).toBe(1);
});
afterAll(() => dispose());

test('datasets of a topic are run at the start, and those of which nothing was left are not spoken of', async () => {
  const io: Io = { cwd, env, out: () => undefined, err: () => undefined } as unknown as Io;
  const args = parseCommandLine(enforce, ['--bootstrap', 'none:1', ...TOPIC, ...POLICIES]);
  const lake = await openLakeOf(args, io);
  const set = await (await policiesOf(lake, args, { io })).current();
  expect(await datasetsOfTopics(lake.effects, set, ['raw.other.events'])).toEqual([]);
  const datasets = await datasetsOfTopics(lake.effects, set, ['raw.orders.events']);
  expect(datasets).toEqual(['orders.created']);

  const told: Outcome[] = [];
  const batches = batchRuns(lake, {
    everyMs: 60_000,
    onOutcome: async (outcome) => void told.push(outcome),
    onTrouble: (error) => {
      throw error;
    },
  });
  const statuses = (): string[] =>
    told.map((one) => (one.kind === 'run' ? one.run.status : String(one.error)));
  try {
    batches.left(datasets);
    await until(
      'the run of what was left is told',
      () => told.length > 0,
      () => statuses().join(),
    );
    batches.left(datasets);
    await batches.request('orders.unknown');
    await until(
      'what comes after the second start is told',
      () => told.length > 1,
      () => statuses().join(),
    );
    // Nothing was left for the second: it is told of the other dataset alone.
    expect(told.map(({ dataset }) => dataset)).toEqual(['orders.created', 'orders.unknown']);
    expect(statuses()[0]).toBe('promoted');
  } finally {
    await batches.close();
  }
});
