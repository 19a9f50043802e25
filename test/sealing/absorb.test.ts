import { describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { filesToAbsorb } from '../../etl/sealing/absorb.ts';
import { statesOf } from '../../etl/stages/dataset-history.ts';
import { openDatasetTables } from '../../etl/stages/dataset-tables.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import type { DataFile } from '../../etl/table/schema.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const KIB = 1024;
const file = (key: string, sizeBytes: number): DataFile => ({ key, sizeBytes, recordCount: 1, columns: {} });
const sizes = (...kib: number[]): DataFile[] => kib.map((size, n) => file(`f${n}`, size * KIB));
const absorbed = (...kib: number[]): number[] =>
  filesToAbsorb(sizes(...kib)).map(({ sizeBytes }) => sizeBytes / KIB);

describe('which files are joined', () => {
  test.each<[string, number[], number[]]>([
    ['few files: none', [5, 5, 5, 5, 5, 5, 5], []],
    ['eight: all that are tiny', [5, 5, 5, 5, 5, 5, 5, 5], [5, 5, 5, 5, 5, 5, 5, 5]],
    ['one much larger than the rest together stays', [5, 5, 5, 5, 5, 5, 5, 500], [5, 5, 5, 5, 5, 5, 5]],
    [
      'one as large as the rest together goes along',
      [50, 50, 50, 50, 50, 50, 50, 350],
      [50, 50, 50, 50, 50, 50, 50, 350],
    ],
    ['one file alone is no gain', [60, 70, 150, 310, 630, 1300, 2600, 5300], []],
    ['large files are left alone', [...Array(7).fill(5), ...Array(5).fill(40_000)], []],
  ])('%s', (_, files, expected) => {
    expect(absorbed(...files)).toEqual(expected);
  });

  test('a thousand runs leave few files, and write each row again only a few times', () => {
    let files: DataFile[] = [];
    let [most, written] = [0, 0];
    for (let run = 0; run < 1000; run++) {
      const joined = new Set(filesToAbsorb(files));
      const grown = [...joined].reduce((sum, { sizeBytes }) => sum + sizeBytes, 10 * KIB);
      written += grown;
      files = [...files.filter((one) => !joined.has(one)), file(`run${run}`, grown)];
      most = Math.max(most, files.length);
    }
    expect(most).toBeLessThan(16);
    expect(written / (1000 * 10 * KIB)).toBeLessThan(8);
  });
});

describe('tables that only grow', () => {
  const RUNS = 20;

  async function grow(lake: TestLake): Promise<void> {
    for (let run = 0; run < RUNS; run++) {
      const lines = [`${run}-a,1.00,2024-01-05`, `${run}-b,x,2024-01-05`];
      // The same record in three runs: quarantined twice, then condemned.
      if (run % 2 === 0) lines.push('again,y,2024-01-05');
      await lake.dropAndRun({ [`f${run}.csv`]: `id,amount,paid_on\n${lines.join('\n')}\n` });
    }
  }

  test('keep few files and every row, and every state that was published can still be found', async () => {
    const lake = await testLake({
      contracts: [
        contractText({ ...PAYMENTS, assay: { limits: { maxQuarantineRate: 0.99, breakerErrors: 1000 } } }),
      ],
    });
    try {
      await grow(lake);
      const { effects } = lake.lake;
      const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
      const pointer = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
      const tables = openDatasetTables(effects, contract, pointer);
      for (const layer of ['quarantine', 'condemned', 'source_files'] as const)
        expect((await tables.files(layer)).length).toBeLessThan(10);
      const ledger = await lake.rows('source_files');
      expect(ledger.map(({ run_id }) => run_id).sort()).toEqual(
        Array.from({ length: RUNS }, (_, n) => `run-${String(n + 1).padStart(3, '0')}`),
      );
      const quarantine = await lake.rows('quarantine');
      expect(quarantine.filter(({ attempt_count }) => attempt_count === 2)).toHaveLength(1);
      expect(quarantine).toHaveLength(RUNS + 2);
      expect(await lake.rows('condemned')).toHaveLength(RUNS / 2 - 2);
      expect(statesOf((await tables.table('source_files')).metadata)).toHaveLength(RUNS);
      const audit = await auditDataset(effects, { dataset: lake.dataset });
      expect(audit.problems).toEqual([]);
      expect(audit.checked.seals).toBe(RUNS);
    } finally {
      await lake.dispose();
    }
  });
});
