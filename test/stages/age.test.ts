import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ingestFiles } from '../../adapters/local/ingest-files.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { watchQueue } from '../../cli/watch-queue.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { bronzeKey, bronzePrefix } from '../../etl/naming/bronze.ts';
import type { Effects } from '../../etl/ports.ts';
import { type Ledger, loadLedger, lookupIn, withLedger } from '../../etl/stages/ledger-lookup.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { countingStores } from '../support/counting-stores.ts';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** What a run in a folder looks at that has many files and days before it. */

let lake: TestLake;
let effects: Effects;
let counting: ReturnType<typeof countingStores>;

beforeEach(async () => {
  lake = await testLake({ contracts: [contractText(PAYMENTS)], startAt: '2024-06-10T06:00:00.000Z' });
  counting = countingStores(lake.lake.effects.objects, lake.lake.effects.data);
  effects = { ...lake.lake.effects, objects: counting.objects, data: counting.data };
  for (const day of ['2024-05-01', '2024-05-02', '2024-06-09']) await put(day, `${day}.csv`);
  expect(await filesOf('everywhere')).toEqual(['2024-05-01.csv', '2024-05-02.csv', '2024-06-09.csv']);
  counting.reset();
});
afterEach(() => lake.dispose());

let ids = 0;
const csv = (): string => `id,paid_on,amount,note\n${ids++},2024-01-05,1.00,\n`;
const put = (day: string, name: string, text = csv()): Promise<string> =>
  effects.objects.put(bronzeKey(lake.dataset, day, name), Buffer.from(text), { ifNoneMatch: '*' });
const filesOf = async (look: 'everywhere' | 'last-days'): Promise<string[]> =>
  (await runDataset(lake.dataset, effects, { look }))
    .flatMap(({ files }) => files)
    .map(({ key }) => key.split('/').at(-1) ?? '');
const listedInBronze = (): (number | undefined)[] =>
  counting.calls
    .filter(({ call, key }) => call === 'list' && key.startsWith('bronze/'))
    .map(({ size }) => size);

describe('a run after an ingest', () => {
  test('lists the last days of Bronze, twice: to plan, and for what came meanwhile', async () => {
    await put('2024-06-10', 'now.csv');
    expect(await filesOf('last-days')).toEqual(['now.csv']);
    expect(listedInBronze()).toEqual([2, 2]);
  });

  test('goes on where its sweep finds what came meanwhile', async () => {
    await put('2024-06-10', 'now.csv');
    let came = false;
    const { data } = effects;
    effects = {
      ...effects,
      data: {
        ...data,
        async publish(scratch, key) {
          if (!came) await put('2024-06-10', 'meanwhile.csv');
          came = true;
          await data.publish(scratch, key);
        },
      },
    };
    expect(await filesOf('last-days')).toEqual(['now.csv', 'meanwhile.csv']);
  });

  test('leaves to the next sweep what somebody put into Bronze under an older day, and a run by hand finds it', async () => {
    await put('2024-05-02', 'older.csv');
    await put('2024-06-10', 'now.csv');
    expect(await filesOf('last-days')).toEqual(['now.csv']);
    expect(await filesOf('everywhere')).toEqual(['older.csv']);
  });
});

test('a watch that is to sweep a dataset does so, also where files are dropped before it begins', () => {
  const queue = watchQueue();
  queue.addRun('a.b');
  queue.addFile('a.b', '/drop/a/b/f.csv');
  queue.addFile('c.d', '/drop/c/d/f.csv');
  expect(queue.take()).toMatchObject({ dataset: 'a.b', isSwept: true, files: ['/drop/a/b/f.csv'] });
  expect(queue.take()).toMatchObject({ dataset: 'c.d', isSwept: false });
});

test('a listing behind a day does not look into the days before it', async () => {
  const { root } = lake.lake;
  // Whoever looks into it comes to its own folder again, until the system refuses.
  await symlink('.', path.join(root, bronzePrefix(lake.dataset), 'ingest_date=2024-05-02', 'loop'));
  const { objects } = lake.lake.effects;
  const names = async (after?: string) =>
    (await objects.list(bronzePrefix(lake.dataset), after)).map(({ key }) => path.basename(key));
  await expect(names()).rejects.toThrow();
  expect(await names(`${bronzePrefix(lake.dataset)}ingest_date=2024-05-03`)).toEqual(['2024-06-09.csv']);
});

test('files come into Bronze with a look at their namesakes and the last days alone, and none is copied twice', async () => {
  const { folder, dispose } = await tempFolder();
  try {
    const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
    const text = csv();
    await put('2024-05-01', 'again.csv', text);
    await put('2024-05-01', 'again~0123abcd.csv', csv());
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'again.csv'), text);
    counting.reset();
    const found = [];
    for await (const one of ingestFiles({ ...lake.lake, effects }, contract, [
      { file: path.join(folder, 'again.csv'), links: 'refuse' },
    ]))
      found.push(one);
    expect(found).toMatchObject([{ kind: 'ingested', source: { existed: true } }]);
    // again.csv, what stands beside it, and yesterday's; not those of May.
    expect(listedInBronze()).toEqual([3]);
  } finally {
    await dispose();
  }
});

describe('a ledger that is asked', () => {
  const other = `sha256:${'0'.repeat(64)}`;

  async function asked<T>(work: (ledger: Ledger) => Promise<T>): Promise<T> {
    const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
    const base = await readPointer(effects.objects, 'silver', lake.dataset);
    return await withLedger(effects, { contract, base, runId: 'asked' }, work);
  }

  test('says of files what it says where all of it is loaded', async () => {
    await put('2024-06-10', 'bad.csv', 'a,b\n1,2\n');
    await put('2024-06-10', 'empty.csv', '');
    expect(await filesOf('everywhere')).toHaveLength(2);
    const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
    const base = await readPointer(effects.objects, 'silver', lake.dataset);
    const all = await loadLedger(effects, contract, base, 'all');
    const keys = [...all.keys()];
    const ids = [...all.values()].map(({ sourceFileId }) => sourceFileId);
    expect(keys).toHaveLength(5);
    const bad = bronzeKey(lake.dataset, '2024-06-10', 'bad.csv');
    await asked(async (ledger) => {
      for (const some of [keys, keys.slice(1, 3), [], ['bronze/unknown']])
        expect(await ledger.ofKeys(some)).toEqual(await lookupIn(all).ofKeys(some));
      for (const some of [ids, ids.slice(2), [], ['unknown']])
        expect(await ledger.ofFiles(some)).toEqual(await lookupIn(all).ofFiles(some));
      expect(await ledger.lastAt()).toBe(
        [...all.values()]
          .map(({ lastAt }) => lastAt)
          .sort()
          .at(-1),
      );
      expect(await ledger.openAmong([...keys, 'bronze/new'], contract.digest)).toEqual(['bronze/new']);
      expect(await ledger.openAmong([...keys, 'bronze/new'], other)).toEqual([bad, 'bronze/new']);
      expect(await ledger.hasRejectedUnderOther(contract.digest)).toBe(false);
      expect(await ledger.hasRejectedUnderOther(other)).toBe(true);
    });
  });
});
