import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConfigError, DataError, TransientError } from '../../etl/errors.ts';
import { alertsPrefix } from '../../etl/naming/told.ts';
import type { Ailment } from '../../etl/operations/ailment.ts';
import { lookAfter } from '../../etl/operations/look-after.ts';
import type { Catalog, CatalogTable, Effects } from '../../etl/ports.ts';
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

describe('looking after datasets', () => {
  const look = async (tells?: (ailment: Ailment) => boolean) => {
    const { effects } = lake.lake;
    const { contracts } = await loadContracts(effects.contracts);
    const found = await lookAfter(effects, contracts.values(), tells === undefined ? {} : { tells });
    return (dataset: string) => found.find((one) => one.dataset === dataset);
  };
  const alerts = async () =>
    (await lake.lake.effects.objects.list(alertsPrefix())).filter(({ key }) => key.includes('unhealthy'));

  test('one that was published in time has nothing the matter; nor has one that never was', async () => {
    const health = await look();
    expect(health('shop.a')?.ailments).toEqual([]);
    expect(health('shop.never')).toMatchObject({ publishedAt: null, ailments: [] });
  });

  test('a promoted run whose seal is gone is named', async () => {
    const { pointer } = (await readPointer(lake.lake.effects.objects, 'silver', 'shop.a')) ?? {};
    const runId = pointer?.run_id ?? '';
    await lake.remove(`silver/shop/a/schema_v=v1/run_id=${runId}/_SUCCESS`);
    const health = await look();
    expect(health('shop.a')?.ailments).toMatchObject([
      { code: 'SEAL_MISSING', what: expect.stringContaining(runId) },
    ]);
    expect(health('shop.b')?.ailments).toEqual([]);
  });

  test('one that was not published within what its contract promises, latency included, is silent', async () => {
    const promise =
      'slaProperties:\n  - { property: frequency, value: 1, unit: quarter }\n  - { property: latency, value: 2, unit: d }\n';
    await lake.setContract(`${contractOf('shop.a')}\n${promise}`, 'c0.yaml');
    const published = new Date((await look())('shop.a')?.publishedAt ?? '');
    const later = (days: number) => {
      const at = new Date(published);
      at.setUTCMonth(at.getUTCMonth() + 3);
      return new Date(at.getTime() + days * 86_400_000).toISOString();
    };
    lake.setTime(later(1.9));
    expect((await look())('shop.a')?.ailments).toEqual([]);
    lake.setTime(later(2.1));
    expect((await look())('shop.a')?.ailments).toMatchObject([{ code: 'SILENT' }]);
  });

  test('only what is picked is told, and nothing is where only a look was asked for', async () => {
    const { pointer } = (await readPointer(lake.lake.effects.objects, 'silver', 'shop.a')) ?? {};
    await lake.remove(`silver/shop/a/schema_v=v1/run_id=${pointer?.run_id}/_SUCCESS`);
    await look();
    await look(({ code }) => code !== 'SEAL_MISSING');
    expect(await alerts()).toEqual([]);
    for (let n = 0; n < 2; n++) await look(() => true);
    expect(await alerts()).toHaveLength(1);
  });

  test('one that can’t be checked keeps no other from it, and its error is thrown at the end', async () => {
    await lake.lake.effects.objects.put('ops/held/shop/a/x.json', Buffer.from('{'));
    const { pointer } = (await readPointer(lake.lake.effects.objects, 'silver', 'shop.b')) ?? {};
    await lake.remove(`silver/shop/b/schema_v=v1/run_id=${pointer?.run_id}/_SUCCESS`);
    await expect(look(() => true)).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' });
    expect(await alerts()).toHaveLength(1);
  });
});
