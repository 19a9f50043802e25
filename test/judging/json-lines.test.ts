import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { JsonJudge } from '../../etl/judging/json-judge.ts';
import { arbitraryLine, POINTERS } from '../jsonl/arbitrary-lines.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import { tryFor } from '../support/try-for.ts';

/** Wanted are values that stand anywhere in the lines; all that is not text must be right. */
const CONTRACT = contractText({
  dataset: 'test.events',
  columns: [
    { name: 'key' },
    { name: 'day', type: 'date', required: true, assay: { path: '/day' } },
    ...POINTERS.slice(0, -1).map((path, n) => ({
      name: `v${n}`,
      ...(n % 3 === 1
        ? { type: 'number', physicalType: 'DECIMAL(9,2)', assay: { path, number: { exponent: true } } }
        : { assay: { path } }),
      ...(n === 5 ? { more: { logicalTypeOptions: { maxLength: 3 } } } : {}),
    })),
  ],
  partitionColumn: 'day',
  rules: { not_both: 'v0 IS NULL OR v5 IS NULL OR v0 <> v5' },
  assay: {
    format: 'jsonl',
    key: 'record',
    unknownColumns: 'reject',
    limits: { ...NO_LIMITS, maxRecordBytes: 300 },
  },
});

const SECONDS = Number(process.env.JUDGE_SECONDS ?? 60);

let engine: Engine;
let judge: JsonJudge;
beforeAll(async () => {
  engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  judge = await JsonJudge.open(engine, parseContract('c0.yaml', CONTRACT) as SourceContract);
});
afterAll(() => engine.close());

/** Most objects with a day, so that some pass. */
function withDay(line: Buffer): Buffer {
  const text = line.toString('latin1');
  return /^\{[^}]/.test(text) ? Buffer.from(`{"day":"2024-01-05",${text.slice(1)}`, 'latin1') : line;
}

test(
  'a line alone gets what it gets in a file of JSON Lines',
  async () => {
    await tryFor(
      { seconds: SECONDS, cases: Number(process.env.JUDGE_CASES ?? 5) },
      [fc.array(arbitraryLine.map(withDay), { minLength: 40, maxLength: 80 })],
      async (lines) => {
        const lake = await testLake({ contracts: [CONTRACT] });
        try {
          // A file may begin with a byte order mark; here it begins with an empty line.
          const file = Buffer.concat(lines.flatMap((line) => [Buffer.from('\n'), line]));
          await lake.dropAndRun({ 'a.jsonl': file });
          const [passed, failed] = [await lake.rows('silver'), await lake.rows('quarantine')];
          const inFile = new Map<number, unknown>();
          for (const row of passed)
            inFile.set(Number(row.source_row_number), {
              kind: 'passed',
              reasons: [],
              rowHash: row.row_hash,
            });
          for (const row of failed)
            inFile.set(Number(row.source_row_number), {
              reasons: row.reasons,
              ...(row.record === null
                ? { kind: 'unreadable', rowHash: null }
                : { kind: 'failed', rowHash: row.row_hash }),
            });
          const alone = await judge.judge(lines);
          const found = lines.map((_, n) => inFile.get(n + 2) ?? { kind: 'blank' });
          expect(alone.map((one) => (one.kind === 'blank' ? { kind: 'blank' } : one))).toEqual(found);
        } finally {
          await lake.dispose();
        }
      },
    );
  },
  (SECONDS + 420) * 1000,
);
