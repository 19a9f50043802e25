import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { CLIENT_CONFIG } from '../../adapters/aws/client-config.ts';
import type { Finished } from '../cli/assay.ts';
import { ErrorJson } from '../cli/shapes.ts';
import { assay as runAssay } from './support/assay.ts';
import { person } from './support/person.ts';
import { ROOT } from './support/python.ts';

/** `assay policy … --target aws` with just the policies that are deployed for it; DynamoDB itself says what is kept. */

const DATASET = 'mortgages.transactions';
const URN = 'urn:dp:mortgages:transactions';
const WORD = ['--reason', 'agreed with its team', '--by', 'ann@example.com'];

const dynamo = new DynamoDBClient(CLIENT_CONFIG);
let folder: string;
let [keeper, operator]: Record<string, string>[] = [{}, {}];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'assay-event-policies-'));
  keeper = await person('event-policies', ['operator', 'event-policies']);
  operator = await person('event-policies-not', ['operator']);
  const policy = { dataset_urn: URN, contract_id: `dc:${DATASET}:1`, owners: ['mortgages-team'] };
  const rule = { source_type: 'TOPIC', source_value: 'raw.mortgages', dataset_urn: URN };
  const rules = [{ ...rule, resolution_confidence: 'HIGH' }];
  await writeFile(path.join(folder, 'policy.json'), JSON.stringify(policy));
  await writeFile(path.join(folder, 'rules.json'), JSON.stringify({ rules }));
});
afterAll(async () => {
  dynamo.destroy();
  await rm(folder, { recursive: true, force: true });
});

const assay = (env: Record<string, string> | undefined, ...args: string[]): Promise<Finished> =>
  runAssay(['policy', ...args, '--target', 'aws', '--json'], { cwd: ROOT, env: env ?? {} });
const file = (name: string): string => path.join(folder, name);

const Answer = z.looseObject({ version: z.int() });

async function items(): Promise<string> {
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: 'assay-staging-policies' }));
  return JSON.stringify(Items);
}

test('who has event-policies beside operator sets policies and rules; operator alone may not, and is told what is missing', async () => {
  const refused = await assay(operator, 'set', DATASET, '--file', file('policy.json'), ...WORD);
  expect(refused.code).not.toBe(0);
  expect(ErrorJson.parse(JSON.parse(refused.out)).error.message).toMatch(/dynamodb:\w+/);
  expect(await items()).not.toContain('mortgages-team');

  const set = await assay(keeper, 'set', DATASET, '--file', file('policy.json'), ...WORD);
  expect(set).toMatchObject({ code: 0, err: '' });
  // To keep rules it asks for what is there.
  const ruled = await assay(keeper, 'resolution', DATASET, '--file', file('rules.json'), ...WORD);
  expect(ruled).toMatchObject({ code: 0, err: '' });
  const kept = await items();
  for (const text of ['mortgages-team', 'raw.mortgages', 'ann@example.com', 'agreed with its team'])
    expect(kept).toContain(text);

  expect(Answer.parse(JSON.parse(set.out)).version).toBe(1);
});
