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
