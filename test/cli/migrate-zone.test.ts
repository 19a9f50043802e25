import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contractText } from '../stages/contract-text.ts';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import { RunsJson } from './shapes.ts';
import { openShop } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.dispose());

const { json, ok } = commandsIn(() => shop);

const readings = (version: string, zone?: string): string =>
  contractText({
    dataset: 'plant.readings',
    version,
    partitionColumn: 'read_at',
    columns: [
      { name: 'sensor', key: true },
      {
        name: 'read_at',
        type: 'timestamp',
        key: true,
        ...(zone === undefined ? {} : { more: { logicalTypeOptions: { defaultTimezone: zone } } }),
      },
    ],
  });

test('a zone that is named later moves the times that were read as UTC, in a new generation', async () => {
  const run = async () => RunsJson.parse((await json('run', '--dataset', 'plant.readings')).json)[0];
  const times = async () =>
    (
      await json(
        'query',
        `SELECT sensor, CAST(read_at AS VARCHAR) AS read_at FROM silver.plant_readings ORDER BY sensor`,
      )
    ).json;
  await shop.write('contracts/plant/readings.yaml', readings('1.0.0'));
  await shop.write('a.csv', 'sensor,read_at\na,2024-07-01T00:30:00\nb,2024-01-15T12:00:00Z\n');
  expect((await runMain(['ingest', 'a.csv', '--dataset', 'plant.readings'], shop)).code).toBe(0);
  expect((await run())?.status).toBe('promoted');
  await shop.write('contracts/plant/readings.yaml', readings('2.0.0', 'Europe/London'));

  await ok('migrate', 'plant.readings', '--reason', 'they are local times', '--by', 'ann');
  // London is an hour ahead of UTC in July, so that the first is in June.
  expect(await times()).toEqual([
    { sensor: 'a', read_at: '2024-06-30 23:30:00+00' },
    { sensor: 'b', read_at: '2024-01-15 12:00:00+00' },
  ]);
  expect(await ok('audit', '--dataset', 'plant.readings')).toMatchObject([{ problems: [] }]);
  const described = (await json('query', 'DESCRIBE silver.plant_readings')).json;
  expect(JSON.stringify(described)).toContain(
    'In the source it is the local time of Europe/London; here it is UTC.',
  );
});
