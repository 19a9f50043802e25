import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigError, DataError, TransientError } from '../../etl/errors.ts';
import type { Catalog, CatalogTable, Effects } from '../../etl/ports.ts';
import { checkHealth } from '../../etl/stages/check-health.ts';
import { reconcileCatalog } from '../../etl/stages/reconcile-catalog.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { contractText } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** The schedules that look after what runs leave behind: the catalog, and the health of datasets. */

const COLUMNS = [
  { name: 'id', key: true },
  { name: 'on', type: 'date', required: true },
];
const contractOf = (dataset: string): string =>
  contractText({ dataset, columns: COLUMNS, partitionColumn: 'on' });

let lake: TestLake;
beforeEach(async () => {
  lake = await testLake({
    contracts: [contractOf('shop.a'), contractOf('shop.b'), contractOf('shop.never')],
  });
  for (const dataset of ['shop.a', 'shop.b'])
    await lake.dropAndRun({ 'a.csv': 'id,on\n1,2024-05-01\nx,\n' }, dataset);
});
afterEach(() => lake.dispose());

/** A catalog that keeps what it was told, but for tables that fail. */
function keeping(fails: (table: CatalogTable) => Error | undefined = () => undefined) {
  const tables: CatalogTable[] = [];
  const catalog: Catalog = {
    follow: async (table) => {
      const error = fails(table);
      if (error !== undefined) throw error;
      tables.push(table);
    },
  };
  return { tables, effects: { ...lake.lake.effects, catalog } satisfies Effects };
}

describe('reconciling', () => {
  test('every table of every dataset that was published is moved to where its pointer is', async () => {
    const { tables, effects } = keeping();
    const done = await reconcileCatalog(effects);
    expect([...done.tables].sort()).toEqual(
      ['shop_a', 'shop_b']
        .flatMap((name) => [
          `condemned.${name}`,
          `quarantine.${name}`,
          `silver.${name}`,
          `source_files.${name}`,
        ])
        .sort(),
    );
    const { pointer } = (await readPointer(effects.objects, 'silver', 'shop.a')) ?? {};
    const silver = tables.find(({ layer, dataset }) => layer === 'silver' && dataset === 'shop.a');
    expect(silver).toMatchObject({
      version: 1,
      metadataLocation: pointer?.tables.silver?.metadata_location,
      location: effects.objects.uri('silver/shop/a'),
    });
    expect(silver?.columns.map(({ name }) => name)).toEqual(expect.arrayContaining(['id', 'on']));
  });

  test('a table that fails keeps no other dataset from following, and its error is thrown at the end', async () => {
    const { tables, effects } = keeping(({ dataset }) =>
      dataset === 'shop.a' ? new TransientError('BUSY', 'busy') : undefined,
    );
    await expect(reconcileCatalog(effects)).rejects.toMatchObject({ name: 'TransientError', code: 'BUSY' });
    expect(new Set(tables.map(({ dataset }) => dataset))).toEqual(new Set(['shop.b']));
  });

  test.each([
    [new ConfigError('DENIED', 'denied.'), 'ConfigError'],
    [new DataError('ODD', 'odd.'), 'TransientError'],
    [new RangeError('odd.'), 'TransientError'],
  ])('%s says that the table is published all the same, as a %s', async (error, name) => {
    const { effects } = keeping(() => error);
    const thrown = await reconcileCatalog(effects).catch((reason: unknown) => reason);
    expect(thrown).toMatchObject({ name, code: 'CATALOG_BEHIND' });
    expect(String(thrown)).toMatch(
      /silver\.shop_a is published, but the catalog didn't follow: (denied|odd)\./,
    );
  });
});

describe('health', () => {
  const healthOf = async (dataset: string) =>
    (await checkHealth(lake.lake.effects)).find((one) => one.dataset === dataset);

  test('a dataset that was published in time has nothing the matter; one that never was is not stale', async () => {
    expect(await healthOf('shop.a')).toMatchObject({ isStale: false, missingSeals: [] });
    expect(await healthOf('shop.never')).toEqual({
      dataset: 'shop.never',
      isStale: false,
      publishedAt: null,
      missingSeals: [],
    });
  });

  test('a promoted run whose seal is gone is named', async () => {
    const { pointer } = (await readPointer(lake.lake.effects.objects, 'silver', 'shop.a')) ?? {};
    const runId = pointer?.run_id ?? '';
    await lake.remove(`silver/shop/a/schema_v=v1/run_id=${runId}/_SUCCESS`);
    expect(await healthOf('shop.a')).toMatchObject({ missingSeals: [runId] });
    expect(await healthOf('shop.b')).toMatchObject({ missingSeals: [] });
  });

  test('one that was not published within what its contract promises is stale', async () => {
    const promise = 'slaProperties:\n  - property: frequency\n    value: 1\n    unit: d\n';
    await lake.setContract(`${contractOf('shop.a')}\n${promise}`, 'c0.yaml');
    lake.setTime('2024-06-01T12:00:00Z');
    expect(await healthOf('shop.a')).toMatchObject({ isStale: false });
    lake.setTime('2024-06-20T12:00:00Z');
    expect(await healthOf('shop.a')).toMatchObject({ isStale: true });
    expect(await healthOf('shop.b')).toMatchObject({ isStale: false });
  });
});
