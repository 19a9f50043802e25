import { expect, test } from '@jest/globals';
import { salesContract } from '../cli/shop.ts';
import { testLake } from '../stages/harness.ts';

test('of a key in two files one record stays in Silver, also where a third file repeats the first, in the same run', async () => {
  for (const [policy, stays] of [
    ['condemn', 'one.csv'],
    ['keep-first', 'one.csv'],
    ['replace', 'two.csv'],
  ] as const) {
    const contract = salesContract().replace(
      'customProperties:\n',
      `customProperties:\n      - property: assay.duplicates\n        value: ${policy}\n`,
    );
    const lake = await testLake({ contracts: [contract] });
    const file = (customer: string) =>
      `sale_id,customer,amount,sold_on\n1,${customer},1.00,2024-01-02\n2${customer},x,1.00,2024-01-02\n`;
    const { seal } = await lake.dropAndRun({
      'one.csv': file('one'),
      'two.csv': file('two'),
      'zzz.csv': file('one'),
    });
    expect(seal?.files.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'repeat']);
    const rows = await lake.rows('silver');
    expect(rows.filter((row) => row.sale_id === '1')).toMatchObject([{ customer: stays.slice(0, 3) }]);
    expect(rows).toHaveLength(3);
    await lake.dispose();
  }
});
