import { expect, test } from '@jest/globals';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { testLake } from './harness.ts';

test('sums of 38 digits and more are exact: nothing overflows, and conservation is proven', async () => {
  const contract = contractText({
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(38,2)', required: true },
      { name: 'whole', type: 'number', physicalType: 'DECIMAL(38,0)' },
    ],
    rules: { good: "id <> 'bad'" },
    assay: { measures: [{ column: 'amount' }, { column: 'whole', by: 'id' }], limits: NO_LIMITS },
  });
  const lake = await testLake({ contracts: [contract] });
  try {
    const amount = '999999999999999999999999999999999999.99';
    const whole = '9'.repeat(38);
    const rows = ['a', 'b', 'c', 'd', 'e', 'bad', 'a'].map((id) => `${id},2024-01-05,${amount},${whole}`);
    const negative = `n,2024-01-05,-0.05,-${whole}`;
    const { record, seal } = await lake.dropAndRun({
      'a.csv': `id,day,amount,whole\n${[...rows, negative].join('\n')}\n`,
    });
    expect([record?.status, record?.counts]).toEqual([
      'promoted',
      expect.objectContaining({ silver: 6, quarantined: 1, condemned: 1 }),
    ]);
    // In units of a cent, by integers of any size.
    const unit = BigInt(amount.replace('.', ''));
    const text = (cents: bigint): string => String(cents).replace(/(..)$/, '.$1');
    expect(seal?.controlTotals.find(({ measure }) => measure === 'amount')).toMatchObject({
      in: text(7n * unit - 5n),
      silver: text(5n * unit - 5n),
      quarantined: text(unit),
      condemned: text(unit),
      met: true,
    });
    const twice = seal?.controlTotals.find(({ measure, by }) => measure === 'whole' && by === 'a');
    expect(twice).toMatchObject({
      in: String(2n * BigInt(whole)),
      silver: whole,
      condemned: whole,
      met: true,
    });
  } finally {
    await lake.dispose();
  }
});
