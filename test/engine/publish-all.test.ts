import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { TransientError } from '../../etl/errors.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';

test('a stage that fails while it publishes files has ended: none of them is still under way', async () => {
  let underWay = 0;
  let published = 0;
  const lake = await testLake({
    contracts: [contractText(PAYMENTS)],
    wrap: (effects) => ({
      ...effects,
      data: {
        ...effects.data,
        async publish(scratch, key) {
          if (key.includes('month=01')) throw new TransientError('BUSY', 'The store is busy.');
          underWay++;
          await sleep(300);
          await effects.data.publish(scratch, key);
          underWay--;
          published++;
        },
      },
    }),
  });
  try {
    const months = ['01', '02', '03'].map((month) => `${month},2024-${month}-05,1.00,`);
    await lake.drop({ 'a.csv': `id,paid_on,amount,note\n${months.join('\n')}\n` });
    await lake.run().catch(() => undefined);
    expect({ underWay, published }).toEqual({ underWay: 0, published: 2 });
  } finally {
    await lake.dispose();
  }
});
