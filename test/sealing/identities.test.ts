import { expect, test } from '@jest/globals';
import { withEngine } from '../../etl/engine/engine.ts';
import { identitySql, identitySumSql } from '../../etl/engine/record-identity.ts';
import { identitiesOf } from '../../etl/sealing/identities-of.ts';
import { MILESTONE_RECORDS, MILESTONES } from '../../etl/sealing/identity-milestones.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

test('what the numbers of a file add up to is the same however many files and records there are', async () => {
  const { folder, dispose } = await tempFolder();
  const counts = [0, 1, 7, 7, 99_999, 100_000, 100_001, 250_000, 3, 1_000_000, 1_000_001, 2_500_000];
  try {
    await withEngine({ memoryLimitMb: 200, threads: 2 }, folder, async (engine) => {
      const identities = await identitiesOf(engine, counts);
      expect([...identities.keys()]).toEqual([
        0, 1, 3, 7, 99_999, 100_000, 100_001, 250_000, 1_000_000, 1_000_001, 2_500_000,
      ]);
      for (const [n, identity] of identities) {
        const [row] = await engine.rows(
          `SELECT ${identitySumSql('i')} AS sum FROM range(1, ${n + 1}) AS numbers(i)`,
        );
        expect(identity).toBe(row?.sum);
      }
    });
  } finally {
    await dispose();
  }
});

test('every milestone is what the identities up to it add up to', async () => {
  const { folder, dispose } = await tempFolder();
  try {
    await withEngine({ memoryLimitMb: 200, threads: 2 }, folder, async (engine) => {
      const rows = await engine.rows(
        `SELECT CAST(sum(sum(${identitySql('i')})) OVER (ORDER BY (i - 1) // ${MILESTONE_RECORDS}) AS VARCHAR) AS total
         FROM range(1, ${MILESTONES.length * MILESTONE_RECORDS + 1}) AS numbers(i) GROUP BY (i - 1) // ${MILESTONE_RECORDS} ORDER BY (i - 1) // ${MILESTONE_RECORDS}`,
      );
      expect(rows.map(({ total }) => total)).toEqual([...MILESTONES]);
    });
  } finally {
    await dispose();
  }
});
