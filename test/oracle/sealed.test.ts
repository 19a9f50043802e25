import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { tryFor } from '../support/try-for.ts';
import { arbitraryFile } from './arbitrary-files.ts';
import { EVERY_TYPE, EVERY_TYPE_SEALED } from './every-type.ts';
import { expectedOf, type Standing } from './expected.ts';
import { alike, foundSealed } from './opened-rows.ts';

/** Says what should become of a source's file, and knows nothing of protection. */
const CONTRACT = parseContract('c0.yaml', EVERY_TYPE) as SourceContract;
const CASES = Number(process.env.ORACLE_CASES ?? 10);
const SECONDS = Number(process.env.ORACLE_SECONDS ?? 40);

/** The files of a protected lake, those that can be read. */
async function dropAll(lake: TestLake, files: readonly Buffer[]): Promise<Buffer[]> {
  const taken: Buffer[] = [];
  for (const [n, bytes] of files.entries()) {
    if (expectedOf(bytes, CONTRACT).status !== 'accepted') continue;
    await lake.drop({ [`f${n}.csv`]: bytes });
    taken.push(bytes);
  }
  return taken;
}

describe('a protected dataset and the oracle', () => {
  test(
    'give every record the verdict, reasons and values that it has in the clear',
    async () => {
      const cases = fc.array(arbitraryFile, { minLength: 1, maxLength: 2 });
      await tryFor(
        { seconds: SECONDS, cases: CASES },
        [cases, fc.constantFrom({}, { segmentBytes: 1 })],
        async (makers, segment) => {
          const lake = await testLake({ contracts: [EVERY_TYPE_SEALED], vault: true, ...segment });
          try {
            const { vault } = lake.lake.effects;
            if (vault === undefined) throw new Error('no vault');
            const files = await dropAll(
              lake,
              makers.map((make, n) => make(1 + n * 1000)),
            );
            if (files.length === 0) return;
            const ran = await lake.run();
            expect(ran.record?.why).toEqual([]);
            const silver = await lake.rows('silver');
            const [quarantined, condemned] = [await lake.rows('quarantine'), await lake.rows('condemned')];
            const standing: Standing = new Map();
            for (const bytes of files) {
              const digest = createHash('sha256').update(bytes).digest('hex');
              const [name = ''] = await vault.fileNames(lake.dataset, [digest]);
              const id = ran.seal?.files.find(({ key }) => key.includes(name))?.sourceFileId;
              const mine = (rows: readonly Row[]): Row[] => rows.filter((row) => row.source_file_id === id);
              const found = await foundSealed(
                {
                  contract: CONTRACT,
                  silver: mine(silver),
                  quarantined: mine(quarantined),
                  condemned: mine(condemned),
                },
                vault,
              );
              expect(alike(found)).toEqual(alike(expectedOf(bytes, CONTRACT, standing).lines));
            }
          } finally {
            await lake.dispose();
          }
        },
      );
    },
    (SECONDS + 420) * 1000,
  );
});
