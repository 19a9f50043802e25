import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { recordAlert } from '../../../adapters/local/alerts.ts';
import { initLake, openLake } from '../../../adapters/local/lake.ts';
import { bronzeKey } from '../../../etl/naming/bronze.ts';
import { migrationKey } from '../../../etl/naming/generations.ts';
import { backfillKey, lookKey } from '../../../etl/naming/runs.ts';
import type { Alert, ContractSource, ObjectStore } from '../../../etl/ports.ts';
import { type EventEffects, handleStartEvent } from '../../../etl/stages/start-run/handle-event.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { contractText } from '../contract-text.ts';
import { type FakeExecutions, fakeExecutions } from './fake-executions.ts';

/** What an event starts; and what people are told, once, of one that starts nothing. */

const DATASET = 'shop.orders';

let dispose: () => Promise<void>;
let objects: ObjectStore;
let executions: FakeExecutions;
let told: Alert[];
let now: Date;
let effects: EventEffects;

const ORDERS = contractText({
  dataset: DATASET,
  columns: [
    { name: 'order_id', key: true },
    { name: 'ordered_on', type: 'date', required: true },
  ],
  partitionColumn: 'ordered_on',
});

const contracts: ContractSource = {
  list: async () => [
    { file: 'shop/orders.yaml', text: ORDERS },
    { file: 'shop/broken.yaml', text: 'domain: shop\nname: broken\n' },
  ],
  sql: async () => '',
  projection: async (file) => ({ file, text: '' }),
};

beforeEach(async () => {
  const temp = await tempFolder();
  dispose = temp.dispose;
  await initLake(temp.folder);
  ({ objects } = (await openLake(temp.folder, { contractsDir: temp.folder, sqlDir: temp.folder })).effects);
  for (const key of FILES) await objects.put(key, Buffer.from('order_id\n1\n'));
  executions = fakeExecutions();
  told = [];
  now = new Date('2024-06-01T08:00:00Z');
  effects = {
    objects,
    executions,
    contracts,
    clock: { now: () => now },
    alerts: {
      send: async (alert) => {
        told.push(alert);
        await recordAlert(objects, alert);
      },
    },
  };
});
afterEach(() => dispose());

const FOLDER = 'ingest_date=2024-06-01';
const ORDERS_FILE = bronzeKey(DATASET, '2024-06-01', 'a.csv');
const FILES = [ORDERS_FILE, `bronze/shop/unknown/${FOLDER}/a.csv`, `bronze/shop/broken/${FOLDER}/a.csv`];

const dropped = (key: string): unknown => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name: 'lake' }, object: { key, size: 1 } },
});
const startedDatasets = (): string[] => [...executions.started.values()].map(({ dataset }) => dataset);

test('a file that was dropped starts its dataset', async () => {
  await handleStartEvent(dropped(ORDERS_FILE), effects);
  expect(startedDatasets()).toEqual([DATASET]);
  expect(told).toEqual([]);
});

test('the same event many times starts one run', async () => {
  const event = dropped(ORDERS_FILE);
  await Promise.all(Array.from({ length: 10 }, () => handleStartEvent(event, effects)));
  expect(startedDatasets()).toEqual([DATASET]);
});

test('a dataset can be started by its name', async () => {
  await handleStartEvent({ dataset: DATASET }, effects);
  expect(startedDatasets()).toEqual([DATASET]);
});

describe('which runs look through all of Bronze', () => {
  const isAsked = async (): Promise<boolean> => (await objects.get(lookKey(DATASET))) !== undefined;

  test.each([
    ['2024-06-01', false],
    ['2024-05-31', false],
    ['2024-05-30', true],
    ['2019-01-01', true],
  ])('a drop of %s: %s', async (day, expected) => {
    const key = bronzeKey(DATASET, day, 'a.csv');
    await objects.put(key, Buffer.from('order_id\n1\n'));
    await handleStartEvent(dropped(key), effects);
    expect(startedDatasets()).toEqual([DATASET]);
    expect(await isAsked()).toBe(expected);
  });

  test.each([
    ['a dataset by name', { dataset: DATASET }],
    ['the daily sweep', { sweep: true }],
  ])('%s: true', async (_, event) => {
    await handleStartEvent(event, effects);
    expect(await isAsked()).toBe(true);
  });
});

test('a migration is started under the id that it was asked for with', async () => {
  const runId = 'migrated-1';
  await objects.put(migrationKey(DATASET, runId), Buffer.from('{}'));
  expect(await handleStartEvent({ dataset: DATASET, runId }, effects)).toMatchObject({ runs: [{ runId }] });
});

test('a backfill is started under the id that it was asked for with, and no other id is', async () => {
  const runId = '20240601T080000000Z-9b6e0d20';
  const request = { dataset: DATASET, runId };
  await expect(handleStartEvent(request, effects)).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'NOT_ASKED_FOR',
  });
  expect(executions.started.size).toBe(0);
  await objects.put(backfillKey(DATASET, runId), Buffer.from('{}'));
  expect(await handleStartEvent(request, effects)).toEqual({
    runs: [{ ...request, status: 'started' }],
    refused: [],
  });
});

test('the daily sweep starts every dataset with a contract, and says which contract is broken', async () => {
  const handled = await handleStartEvent({ sweep: true }, effects);
  expect(startedDatasets()).toEqual([DATASET]);
  expect(handled.refused).toHaveLength(1);
  expect(told).toMatchObject([{ kind: 'drop-refused', dataset: 'shop.broken' }]);
});

test('what consoles make to show a folder is no file', async () => {
  expect(await handleStartEvent(dropped('bronze/shop/orders/'), effects)).toEqual({ runs: [], refused: [] });
  expect(told).toEqual([]);
});

describe('what starts nothing is recorded, and told of once', () => {
  test.each([
    [
      'a dataset without a contract',
      dropped('bronze/shop/unknown/ingest_date=2024-06-01/a.csv'),
      /contracts\/shop\/unknown\.yaml/,
    ],
    [
      'a dataset whose contract is broken',
      dropped('bronze/shop/broken/ingest_date=2024-06-01/a.csv'),
      /contracts\/shop\/broken\.yaml/,
    ],
    ['a file that is not there any more', dropped(`${ORDERS_FILE}.gz`), /drop it again/],
    ["a key in no dataset's folder", dropped('bronze/stray.csv'), /drop the file again under bronze\//],
    ['an event that names no file', { 'detail-type': 'Object Created', detail: {} }, /correct what sends it/],
    ['an event of another kind', { hello: 'world' }, /correct what sends it/],
    ['no event at all', null, /correct what sends it/],
    ['a name that is none', { dataset: '../../etc/passwd' }, /contracts\/<domain>\/<dataset>\.yaml/],
  ])('%s', async (_, event, next) => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => handleStartEvent(event, effects)));
    await handleStartEvent(event, effects);
    expect(executions.started.size).toBe(0);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ kind: 'drop-refused', nextCommand: expect.stringMatching(next) });
    const [id] = answers[0]?.refused ?? [];
    expect((await objects.list('ops/alerts/')).map(({ key }) => key)).toEqual([
      `ops/alerts/${id}-drop-refused.json`,
    ]);
  });

  test('and again the next day, if it still comes', async () => {
    await handleStartEvent(dropped('bronze/stray.csv'), effects);
    now = new Date('2024-06-02T08:00:00Z');
    await handleStartEvent(dropped('bronze/other.csv'), effects);
    await handleStartEvent(dropped('bronze/stray.csv'), effects);
    expect(told).toHaveLength(3);
  });

  test('by the next event, where the one who was to tell has died', async () => {
    const { alerts } = effects;
    const dying = { ...effects, alerts: { send: async () => Promise.reject(new Error('killed')) } };
    await expect(handleStartEvent(dropped('bronze/stray.csv'), dying)).rejects.toThrow('killed');
    await handleStartEvent(dropped('bronze/stray.csv'), { ...effects, alerts });
    expect(told).toEqual([]); // it may still be at it
    now = new Date(now.getTime() + 31_000);
    await handleStartEvent(dropped('bronze/stray.csv'), effects);
    expect(told).toHaveLength(1);
  });
});
