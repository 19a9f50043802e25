import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';

/** What a deployment is tried with before it goes on. */

const DATASET = 'spend.council_payments';
const run = promisify(execFile);

let platform: Platform;
beforeAll(async () => {
  platform = await connect('smoke');
});

/** Runs the smoke test as the deployment does; rejects where it ends with anything but 0. */
async function smoke(...args: string[]): Promise<string> {
  const script = path.join(ROOT, 'scripts/smoke.ts');
  const command = ['--no-warnings', '--import', 'tsx', script, '--stack', 'Assay-staging', ...args];
  return (await run(process.execPath, command, { cwd: ROOT })).stdout;
}

test('a file that the dataset was given before goes through every stage again, and changes no figure', async () => {
  // The smallest file of all is one that no run could take: it is nothing to try a deployment with.
  await platform.dropAndSettle(DATASET, { 'unusable.csv': 'a,b\n1,2\n' });
  const before = await platform.pointer('silver', DATASET);
  expect(await smoke('--dataset', DATASET)).toMatch(/ended as nothing-published: \{"records":0,/);
  const after = await platform.pointer('silver', DATASET);
  expect(after).toMatchObject({ snapshot_id: before?.snapshot_id, version: (before?.version ?? 0) + 1 });
});

test('a platform whose runs fail fails its deployment, and says of what', async () => {
  const failure = platform.denying('seal', 's3:PutObject', () => smoke('--dataset', DATASET));
  await expect(failure).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/ended as failed: .*permission needed is s3:PutObject/),
  });
  await platform.start({ dataset: DATASET });
  await platform.idle(DATASET);
});
