import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** What Python's csv, Counter and decimal say of a file (repeats.py). */
interface Judged {
  readonly records: number;
  readonly silver: number;
  readonly repeats: number;
  readonly condemned: number;
  /** What the amounts add up to of the records that are kept, and of the repeats. */
  readonly kept: string;
  readonly again: string;
}
interface Case {
  readonly key: 'record' | 'id';
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly said: readonly Judged[];
  readonly silver: readonly (readonly string[])[];
}
const CASES = JSON.parse(readFileSync(new URL('./repeats.json', import.meta.url), 'utf8')) as Case[];

const contractOf = (dataset: string, key: Case['key']): string =>
  contractText({
    dataset,
    partitionColumn: 'paid_on',
    columns: [
      { name: 'id', required: true, key: key === 'id' },
      { name: 'paid_on', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    ],
    assay: {
      measures: [{ column: 'amount' }],
      limits: NO_LIMITS,
      ...(key === 'record' ? { key: 'record' } : { redelivery: 'expected' }),
    },
  });

test.each([
  ['a run each', false, undefined],
  ['one run, in chunks', true, 60],
])('what is kept of files that hold each other is what Python says: %s', async (_, isAtOnce, chunkBytes) => {
  const named = CASES.map((one, n) => ({ ...one, dataset: `case.n${n}` }));
  const lake: TestLake = await testLake({
    contracts: named.map(({ dataset, key }) => contractOf(dataset, key)),
    segmentBytes: 64,
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  });
  try {
    for (const { dataset, files, said, silver } of named) {
      const runs = isAtOnce ? [files] : files.map((file) => [file]);
      const sealed = [];
      for (const run of runs) {
        const dropped = Object.fromEntries(run.map(({ name, text }) => [name, text]));
        const { seal } = await lake.dropAndRun(dropped, dataset);
        expect(seal?.unproven).toEqual([]);
        sealed.push(...(seal?.files ?? []).map((file) => ({ file, totals: seal?.controlTotals ?? [] })));
      }
      const found = sealed.map(({ file, totals }) => {
        const total = totals.find(({ key }) => key === file.key);
        const { records, silver: kept, repeats = 0, condemned } = file;
        return {
          records,
          silver: kept,
          repeats,
          condemned,
          kept: total?.silver,
          again: total?.repeats ?? '0.00',
        };
      });
      expect([dataset, found]).toEqual([dataset, said]);
      const rows = (await lake.rows('silver', dataset)).map((row) => [
        row.id,
        dayOf(row.paid_on),
        String(row.amount),
      ]);
      expect([dataset, rows.sort()]).toEqual([
        dataset,
        silver.map(([id, on, amount]) => [id, on, String(Number(amount))]).sort(),
      ]);
    }
  } finally {
    await lake.dispose();
  }
});

const dayOf = (value: unknown): string =>
  value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
