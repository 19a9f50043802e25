import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { openDatasetTables } from '../../etl/stages/dataset-tables.ts';
import { movePointer, type Pointer, readPointer } from '../../etl/table/pointer.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const RUNS = 24;
const FOLDERS = ['silver', 'quarantine', 'ops/source_files'] as const;

const drop = (run: number) => ({
  [`f${run}.csv`]: `id,amount,paid_on\n${run}-a,1.00,2024-01-05\n${run}-b,x,2024-01-05\n`,
});

/** Metadata files of a table as they lie on the disk, and what the newest says of those before it. */
async function onDisk(lake: TestLake, folder: string): Promise<{ files: string[]; logged: string[] }> {
  const directory = path.join(lake.lake.root, folder, 'test', 'records', 'metadata');
  const files = (await readdir(directory)).filter((name) => name.endsWith('.metadata.json'));
  const parsed = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(path.join(directory, name), 'utf8'))),
  );
  const newest = parsed.reduce((a, b) => (b['last-updated-ms'] > a['last-updated-ms'] ? b : a));
  const log: { 'metadata-file': string }[] = newest['metadata-log'];
  return { files, logged: log.map((entry) => path.basename(entry['metadata-file'])) };
}

describe('earlier metadata files', () => {
  let lake: TestLake;
  /** The pointer and the metadata file of Silver when it had one run. */
  let old: Pointer;
  let first: string;
  beforeAll(async () => {
    lake = await testLake({ contracts: [contractText(PAYMENTS)] });
    const { objects } = lake.lake.effects;
    await lake.dropAndRun(drop(0));
    const found = await readPointer(objects, 'silver', lake.dataset);
    if (found === undefined) throw new Error('nothing was published');
    old = found.pointer;
    first = old.tables.silver?.metadata_key ?? '';
    const tables = { ...old.tables, silver: { ...old.tables.silver, dropped: [first] } };
    const next = { ...old, version: 2, tables } as Parameters<typeof movePointer>[2];
    await expect(movePointer(objects, 'silver', next, '1-other')).rejects.toThrow('first');
    expect(await objects.get(first)).toBeDefined();
    for (let run = 1; run < RUNS; run++) await lake.dropAndRun(drop(run));
  });
  afterAll(() => lake.dispose());

  test('stay where the race for the pointer was lost; they go after the commit that stops naming them, and nothing else goes', async () => {
    for (const folder of FOLDERS) {
      const { files, logged } = await onDisk(lake, folder);
      // The current one, and as many before it as the table's property says.
      expect(files).toHaveLength(21);
      expect(files.length - logged.length).toBe(1);
      for (const name of logged) expect(files).toContain(name);
    }
    expect(await lake.lake.effects.objects.get(first)).toBeUndefined();
    const audit = await auditDataset(lake.lake.effects, { dataset: lake.dataset });
    expect(audit.problems).toEqual([]);
    expect(audit.unusedFiles).toBe(0);
    expect(audit.checked.snapshots).toBeGreaterThanOrEqual(3 * RUNS);
  });

  test('are missed by who built on an old pointer: it has lost the race, too', async () => {
    const { effects } = lake.lake;
    const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
    const late = openDatasetTables(effects, contract, old);
    await expect(late.table('silver')).rejects.toMatchObject({ name: 'ConflictError', code: 'BASE_MOVED' });
  });
});
