import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { storedZip } from '../support/stored-zip.ts';
import { tryFor } from '../support/try-for.ts';
import { arbitraryFile } from './arbitrary-files.ts';
import { EVERY_TYPE } from './every-type.ts';
import { expectedOf, foundIn } from './expected.ts';

const CONTRACT = parseContract('c0.yaml', EVERY_TYPE) as SourceContract;
const CASES = Number(process.env.ORACLE_CASES ?? 25);
const SECONDS = Number(process.env.ORACLE_SECONDS ?? 30);

describe('the pipeline and the oracle', () => {
  test(
    'give every record the same verdict, reasons, values and hash',
    async () => {
      const cases = fc.array(arbitraryFile, { minLength: 1, maxLength: 4 });
      // A segment for all files, or one for each.
      const segmentBytes = fc.constantFrom({}, { segmentBytes: 1 });
      await tryFor(
        { seconds: SECONDS, cases: CASES },
        [cases, segmentBytes, fc.boolean()],
        async (makers, segment, isPacked) => {
          const files = makers.map((make, n) => make(1 + n * 1000));
          const dropped = Object.fromEntries(files.map((bytes, n) => [`f${n}.csv`, bytes]));
          const lake = await testLake({ contracts: [EVERY_TYPE], ...segment });
          try {
            // Each as a file, or all in one archive, which must not hold the same bytes twice.
            const ran = await lake.dropAndRun(
              isPacked && areApart(files) ? { 'all.zip': storedZip(dropped) } : dropped,
            );
            expect(ran.record?.why).toEqual([]);
            const [silver, quarantined, condemned] = await Promise.all([
              lake.rows('silver'),
              lake.rows('quarantine'),
              lake.rows('condemned'),
            ]);
            for (const bytes of new Map(files.map((file) => [idOf(file), file])).values()) {
              const id = idOf(bytes);
              const mine = (rows: readonly Row[]): Row[] => rows.filter((row) => row.source_file_id === id);
              const found = foundIn({
                contract: CONTRACT,
                silver: mine(silver),
                quarantined: mine(quarantined),
                condemned: mine(condemned),
              });
              expect(found).toEqual(expectedOf(bytes, CONTRACT).lines);
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

const areApart = (files: readonly Buffer[]): boolean => new Set(files.map(idOf)).size === files.length;

function idOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
