import { expect, test } from '@jest/globals';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import type { FailedRecord } from '../../etl/quarantine/records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { contractText, PAYMENTS } from './contract-text.ts';
import { testLake } from './harness.ts';

test('a record of a file without a header is corrected and tested once more by the names of its columns', async () => {
  const csv = { columns: ['amount', 'id', 'paid_on', 'extra'] };
  const lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { csv, unknownColumns: 'rescue' } })],
  });
  try {
    const first = await lake.dropAndRun({ 'a.csv': '1.00,a,2024-01-05,x\n2.00,b,soon,y\n' });
    expect(first.record?.counts).toMatchObject({ silver: 1, quarantined: 1 });
    const [row] = await lake.rows('quarantine');
    const contract = requireSourceContract(await loadContracts(lake.lake.effects.contracts), lake.dataset);
    const failed: FailedRecord = {
      rowHash: String(row?.row_hash),
      state: 'open',
      sourceFileId: String(row?.source_file_id),
      sourceFile: String(row?.source_file),
      sourceRowNumber: 2,
      sourceLine: null,
      failures: 1,
      ownFailures: 1,
      lastAt: first.record?.endedAt ?? '',
      runId: first.record?.runId ?? '',
      contractVersion: contract.version,
      reasons: [],
      record: JSON.parse(String(row?.record)),
      rawText: null,
      corrections: { paid_on: '2024-01-06' },
    };
    await retryRecords(lake.lake.effects, contract, [failed], { by: 'me', reason: 'a typo' });
    expect((await lake.run()).record?.counts).toMatchObject({ silver: 1, quarantined: 0 });
    const silver = await lake.rows('silver');
    expect(silver.map(({ id, rescued }) => [id, rescued]).sort()).toEqual([
      ['a', '{"extra":"x"}'],
      ['b', '{"extra":"y"}'],
    ]);
  } finally {
    await lake.dispose();
  }
});

test.each([
  { delimiter: '||' },
  { delimiter: ', ', skipSpaces: false },
  { escape: '\\' },
  { escape: '\\', escapes: 'quotes' },
  { escape: 'none', strayQuotes: 'text', skipSpaces: true, extraFields: 'empty' },
])('a value of any text is corrected and read again as it is in the dialect %j', async (csv) => {
  const text = '  "a",\\\\"b\\"||c, d\\';
  const delimiter = 'delimiter' in csv ? csv.delimiter : ',';
  const lake = await testLake({ contracts: [contractText({ ...PAYMENTS, assay: { csv } })] });
  try {
    const lines = ['id,paid_on,amount,note', 'a,2024-01-05,1,x', 'b,2024-01-05,one,y'];
    const file = lines.map((line) => `${line.replaceAll(',', delimiter)}\n`).join('');
    await lake.dropAndRun({ 'a.csv': file });
    const [row] = await lake.rows('quarantine');
    const contract = requireSourceContract(await loadContracts(lake.lake.effects.contracts), lake.dataset);
    const failed: FailedRecord = {
      rowHash: String(row?.row_hash),
      state: 'open',
      sourceFileId: String(row?.source_file_id),
      sourceFile: String(row?.source_file),
      sourceRowNumber: 2,
      sourceLine: null,
      failures: 1,
      ownFailures: 1,
      lastAt: '',
      runId: String(row?.run_id),
      contractVersion: contract.version,
      reasons: [],
      record: JSON.parse(String(row?.record)),
      rawText: null,
      corrections: { amount: '2', note: text },
    };
    await retryRecords(lake.lake.effects, contract, [failed], { by: 'me', reason: 'a typo' });
    expect((await lake.run()).record?.counts).toMatchObject({ silver: 1, quarantined: 0 });
    const silver = await lake.rows('silver');
    // Blanks at the edge of a value are no part of it.
    expect(silver.map(({ id, note }) => [id, note]).sort()).toEqual([
      ['a', 'x'],
      ['b', text.trim()],
    ]);
  } finally {
    await lake.dispose();
  }
});
