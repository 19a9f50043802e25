import { expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import { type CopyingEffects, copyingData } from '../support/copying-data.ts';

const ROWS = 150;
const HEADER = 'id,paid_on,amount,note\n';
const lines = (from: number, count: number): string =>
  Array.from(
    { length: count },
    (_, n) => `k${from + n},2024-01-${String(1 + (n % 28)).padStart(2, '0')},1.00,${from}\n`,
  ).join('');

/** Twelve files of 150 payments each, of which 30 have keys of the file before; the last repeats a tenth of the base. */
const FILES = Object.fromEntries(
  Array.from({ length: 12 }, (_, n) => [`f${n}.csv`, HEADER + lines(n * (ROWS - 30), ROWS)]),
);
const CHUNK_BYTES = Math.max(...Object.values(FILES).map((text) => text.length));

test.each(['condemn', 'replace'] as const)(
  'seal of many chunks, where keys stand twice (%s), never has more of Silver on its disk than a chunk',
  async (duplicates) => {
    const { folder, dispose } = await tempFolder();
    let copying: CopyingEffects | undefined;
    const lake = await testLake({
      contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, duplicates, limits: NO_LIMITS } })],
      chunkBytes: CHUNK_BYTES,
      wrap: (effects) => {
        copying = copyingData(effects, folder);
        return copying.effects;
      },
    });
    try {
      const base = await lake.dropAndRun({ 'base.csv': HEADER + lines(0, 60) });
      expect(base).toMatchObject({ status: 'promoted' });
      const { record, seal } = await lake.dropAndRun(FILES);
      expect({ status: record?.status, why: record?.why }).toEqual({ status: 'promoted', why: [] });
      // Keys 0 to 1469, of which 60 stood before.
      expect(new Set((await lake.rows('silver')).map(({ id }) => id)).size).toBe(12 * (ROWS - 30) + 30);
      expect((await lake.rows('silver')).length).toBe(12 * (ROWS - 30) + 30);
      expect(seal?.reasons.DUPLICATE).toBe(duplicates === 'replace' ? 11 * 30 : 11 * 30 + 60);
      const silver = await lake.lake.effects.objects.list('silver/');
      const files = silver.filter(({ key }) => key.endsWith('.parquet'));
      const largest = Math.max(...files.map(({ sizeBytes }) => sizeBytes));
      const all = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      expect(files.length).toBeGreaterThan(12);
      expect(copying?.copied.filter((key) => key.startsWith('silver/')).length).toBeGreaterThan(24);
      // A chunk's CSV is larger than its Silver: as much may lie there at once.
      expect(copying?.most('silver/')).toBeLessThanOrEqual(Math.max(CHUNK_BYTES, largest));
      expect(copying?.most('silver/')).toBeLessThan(all / 4);
    } finally {
      await lake.dispose();
      await dispose();
    }
  },
);

test('seal copies only the files that hold a key that stands twice', async () => {
  const { folder, dispose } = await tempFolder();
  let copying: CopyingEffects | undefined;
  const lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, limits: NO_LIMITS } })],
    chunkBytes: CHUNK_BYTES,
    wrap: (effects) => {
      copying = copyingData(effects, folder);
      return copying.effects;
    },
  });
  try {
    // In no other file of the run or of the base is a key of another, though their ranges overlap.
    const step = (first: number): string =>
      Array.from({ length: 100 }, (_, n) => `k${first + n * 20},2024-01-31,1.00,${'x'.repeat(10)}\n`).join(
        '',
      );
    await lake.dropAndRun({ 'base.csv': HEADER + step(19) });
    const before = copying?.copied.length ?? 0;
    const files = Array.from({ length: 8 }, (_, n) => [`f${n}.csv`, HEADER + step(n)] as const);
    const { seal } = await lake.dropAndRun({
      ...Object.fromEntries(files),
      'f3.csv': `${HEADER}${step(3)}k5,2024-01-31,2.00,\n`,
    });
    expect(seal).toMatchObject({ counts: { silver: 800, condemned: 1 }, unproven: [] });
    const copies = (copying?.copied ?? []).slice(before).filter((key) => key.startsWith('silver/'));
    const more = copies.filter((key, n) => copies.indexOf(key) !== n && key.includes('run-002'));
    // Refine reads back each once. f3 and f5 are the chunks 4 and 6; f5 comes later, and is written anew without the key.
    expect([...new Set(more.map((key) => /part-(\d+)/.exec(key)?.[1]))].sort()).toEqual(['0004', '0006']);
  } finally {
    await lake.dispose();
    await dispose();
  }
});
