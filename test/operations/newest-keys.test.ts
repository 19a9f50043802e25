import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { idOf, newestKeys } from '../../etl/operations/newest-keys.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { type CountingStores, countingStores } from '../support/counting-stores.ts';

/** Two datasets' runs: of an hour ago, of yesterday, of last month, of years ago. Newest first, written by hand. */
const NEWEST_FIRST = [
  'b/two/20240601T050000000Z-aaaaaaaa',
  'a/one/20240531T120000000Z-bbbbbbbb',
  'a/one/20240520T000000000Z-cccccccc',
  'b/two/20240501T000000000Z-dddddddd',
  'a/one/20210501T000000000Z-eeeeeeee',
  'b/two/19991231T235959999Z-ffffffff',
];
const NOW = Date.parse('2024-06-01T06:00:00.000Z');

let stores: CountingStores;
let dispose: () => Promise<void>;
beforeAll(async () => {
  const temp = await tempFolder();
  dispose = temp.dispose;
  const folder = path.join(temp.folder, 'lake');
  await initLake(folder);
  const { effects } = await openLake(folder, { contractsDir: temp.folder, sqlDir: temp.folder });
  stores = countingStores(effects.objects, effects.data);
  for (const name of NEWEST_FIRST) await effects.objects.put(`ops/runs/${name}.json`, Buffer.from('{}'));
});
afterAll(() => dispose());

async function read(
  objects: ObjectStore,
  prefix: string,
  options: { readonly before?: string; readonly most?: number } = {},
): Promise<string[]> {
  const { before, most = 99 } = options;
  const found: string[] = [];
  for await (const key of newestKeys(objects, prefix, {
    nowMs: NOW,
    ...(before === undefined ? {} : { before }),
  })) {
    found.push(key.replace(/^ops\/runs\/|\.json$/g, ''));
    if (found.length === most) break;
  }
  return found;
}

describe('the newest documents', () => {
  test('come newest first whatever their dataset, each once, however old', async () => {
    expect(await read(stores.objects, 'ops/runs/')).toEqual(NEWEST_FIRST);
  });

  test('of one dataset, before one of them', async () => {
    expect(await read(stores.objects, 'ops/runs/a/one/', { before: '20240520T000000000Z-cccccccc' })).toEqual(
      ['a/one/20210501T000000000Z-eeeeeeee'],
    );
  });

  test.each(NEWEST_FIRST.map((name, n) => [name, n] as const))(
    'after %s the rest follows',
    async (name, n) => {
      expect(await read(stores.objects, 'ops/runs/', { before: idOf(name) })).toEqual(
        NEWEST_FIRST.slice(n + 1),
      );
    },
  );

  test('the newest two are found by looking at no older one', async () => {
    stores.reset();
    expect(await read(stores.objects, 'ops/runs/', { most: 2 })).toEqual(NEWEST_FIRST.slice(0, 2));
    expect(stores.calls.map(({ call, size }) => [call, size])).toEqual([['list', 2]]);
  });
});
