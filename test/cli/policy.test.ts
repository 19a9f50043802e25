import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OrdersLake, openOrders } from '../stream/orders.ts';
import { runMain } from './run-main.ts';

let lake: OrdersLake;
beforeAll(async () => {
  lake = await openOrders();
});
afterAll(() => lake.dispose());

const assay = (...args: string[]) => runMain(['policy', ...args], { cwd: lake.folder });
const write = (name: string, text: string) => writeFile(path.join(lake.folder, name), text);

const POLICY = `dataset_urn: urn:dp:orders:created
contract_id: dc:orders.created:3
enforcement_mode: QUARANTINE_ON_FAIL
owners: [orders-team]
`;

test('a policy is set, printed as it can be set again, listed, and its history is kept', async () => {
  expect(await assay('list')).toMatchObject({ code: 0, out: expect.stringContaining('No dataset') });
  expect(await assay('get', 'orders.created')).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no policy'),
  });
  await write('policy.yaml', POLICY);
  const word = ['--reason', 'the first', '--by', 'Ann'];
  expect(await assay('set', 'orders.created', '--file', 'policy.yaml', ...word)).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('version 1: QUARANTINE_ON_FAIL'),
  });
  const { out } = await assay('get', 'urn:dp:orders:created');
  await write('again.json', out);
  const again = await assay('set', 'orders.created', '--file', 'again.json', ...word, '--json');
  expect(JSON.parse(again.out)).toMatchObject({ version: 1, isNew: false });
  await write('next.yaml', POLICY.replace('QUARANTINE_ON_FAIL', 'ALERT_ONLY'));
  await assay('set', 'orders.created', '--file', 'next.yaml', '--reason', 'too noisy', '--by', 'Ben');
  expect(JSON.parse((await assay('get', 'orders.created', '--history', '--json')).out)).toMatchObject([
    { version: 2, by: 'Ben', reason: 'too noisy' },
    { version: 1, by: 'Ann', reason: 'the first', body: { enforcement_mode: 'QUARANTINE_ON_FAIL' } },
  ]);
  await write(
    'rules.yaml',
    'rules:\n  - source_type: TOPIC\n    source_value: raw.orders.events\n    dataset_urn: urn:dp:orders:created\n    resolution_confidence: HIGH\n',
  );
  const rules = await assay('resolution', 'orders.created', '--file', 'rules.yaml', ...word);
  expect(rules).toMatchObject({ code: 0, out: expect.stringContaining('1 rule') });
  expect(JSON.parse((await assay('resolution', 'orders.created')).out)).toMatchObject({
    rules: [{ source_value: 'raw.orders.events' }],
  });
  const list = await assay('list');
  for (const part of ['urn:dp:orders:created', 'ALERT_ONLY', 'orders-team', 'TOPIC raw.orders.events'])
    expect(list.out).toContain(part);
});

test.each([
  ['nothing', ['set', 'orders.created', '--reason', 'x'], '--file is missing'],
  ['no reason', ['set', 'orders.created', '--file', 'policy.yaml'], '--reason is missing'],
  ['no dataset', ['get', 'orders'], 'is no dataset'],
  ['no file', ['set', 'orders.created', '--file', 'none.yaml', '--reason', 'x'], 'ENOENT'],
  [
    'a malformed policy',
    ['set', 'orders.created', '--file', 'bad.yaml', '--reason', 'x'],
    'Unrecognized key: "owner"',
  ],
  [
    'nonsense',
    ['set', 'orders.created', '--file', 'lost.yaml', '--reason', 'x'],
    'no contract of orders.created with major version 9',
  ],
])('%s is refused with what to do', async (_, args, why) => {
  await write('policy.yaml', POLICY);
  await write('bad.yaml', `${POLICY}tier: high\nowner: me\n`);
  await write('lost.yaml', POLICY.replace(':3', ':9'));
  const { code, err } = await assay(...args);
  expect([code, err]).toEqual([2, expect.stringContaining(why)]);
});
