import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type Engine, integerOf, openEngine } from '../../etl/engine/engine.ts';
import { createRejects } from '../../etl/refining/rejects.ts';
import { digestRejects } from '../../etl/sealing/digest-rejects.ts';
import { giveVerdicts } from '../../etl/sealing/verdicts.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';

/** Rejects of three files, with texts of 2,000 signs, in another order than by file and number. */
const FILES = ['ff', '0a', 'b1'];
const EACH = 2_000;

let engine: Engine;
let dispose: () => Promise<void>;
beforeAll(async () => {
  const temp = await tempFolder();
  dispose = temp.dispose;
  await mkdir(join(temp.folder, 'scratch'));
  engine = await openEngine({ threads: 1, memoryLimitMb: 400 }, join(temp.folder, 'scratch', 'spill'));
});
afterAll(async () => {
  engine.close();
  await dispose();
});

beforeEach(async () => {
  const contract = parseContract('payments.yaml', contractText(PAYMENTS)) as SourceContract;
  await createRejects(engine, contract);
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE prior (row_hash VARCHAR, failures INTEGER, own_failures INTEGER, condemned BOOLEAN)',
  );
  for (const [n, id] of FILES.entries())
    await engine.run(
      `INSERT INTO rejects BY NAME SELECT '${id}' AS source_file_id, ${EACH} - i AS source_row_number, 'h' || (${n} * ${EACH} + i) AS row_hash,
         [{'rule': 'r', 'column': NULL, 'code': CASE WHEN i % 7 = 0 THEN 'DUPLICATE' ELSE 'TYPE_ERROR' END, 'value': NULL}] AS reasons,
         repeat(chr(CAST(97 + i % 26 AS INTEGER)), 2000) AS record FROM range(${EACH}) AS r(i)`,
    );
  await engine.run("INSERT INTO prior VALUES ('h1', 2, 2, false), ('h2', 1, 1, true)");
  await giveVerdicts(engine, contract);
});

/** The lines as they are by the words of the docs, in JavaScript's order of texts. */
function expectedDigest(): string {
  const lines = [...FILES].sort().flatMap((id) =>
    Array.from({ length: EACH }, (_, at) => {
      const [row, i] = [at + 1, EACH - (at + 1)];
      const isFirst = id === FILES[0];
      const isDuplicate = i % 7 === 0;
      const codes = [isDuplicate ? 'DUPLICATE' : 'TYPE_ERROR'];
      if (isFirst && i === 2) codes.push('PREVIOUSLY_CONDEMNED');
      if (isFirst && i === 1) codes.push('MAX_ATTEMPTS');
      const verdict = codes.length > 1 || isDuplicate ? 'condemned' : 'quarantined';
      return `${id}:${row}:${verdict}:${codes.join(',')}`;
    }),
  );
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

describe('what a seal keeps of the rejects', () => {
  test('has their digest the same, however many lines are taken at once, and never more', async () => {
    const taken: number[] = [];
    const counting: Engine = {
      ...engine,
      texts: async (sql) => {
        const texts = await engine.texts(sql);
        taken.push(texts.length);
        return texts;
      },
    };
    for (const linesAtOnce of [999, 4_500, EACH * FILES.length, EACH * FILES.length + 1]) {
      taken.length = 0;
      await expect(digestRejects(counting, 'verdicts', linesAtOnce)).resolves.toBe(expectedDigest());
      expect(Math.max(...taken)).toBeLessThanOrEqual(linesAtOnce);
    }
    await expect(digestRejects(engine, '(SELECT * FROM verdicts WHERE false)')).resolves.toBe(
      createHash('sha256').digest('hex'),
    );
  });

  test('has their texts once: verdicts take hardly any memory beside them', async () => {
    const bytes = async (): Promise<number> => {
      const [row = {}] = await engine.rows(
        `SELECT CAST(sum(memory_usage_bytes) AS BIGINT) AS n FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'`,
      );
      return integerOf(row, 'n');
    };
    const withVerdicts = await bytes();
    await engine.run('DROP TABLE judged');
    const rejectsAlone = await bytes();
    expect(rejectsAlone).toBeGreaterThan(EACH * FILES.length * 2_000);
    expect(withVerdicts).toBeLessThan(rejectsAlone * 1.2);
  });
});

test('rejects are written some thousands at a time, as their rows are wide', async () => {
  const lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, limits: NO_LIMITS } })],
  });
  try {
    const lines = Array.from({ length: 25_000 }, (_, n) => `k${n},no date,1.00,\n`);
    await lake.dropAndRun({ 'bad.csv': `id,paid_on,amount,note\n${lines.join('')}` });
    const keys = (await lake.lake.effects.objects.list('quarantine/')).map(({ key }) => key);
    const [file = '', ...more] = keys.filter((key) => key.endsWith('.parquet'));
    expect(more).toEqual([]);
    const buffer = await asyncBufferFromFile(await lake.lake.effects.data.localPath(file));
    const { row_groups: groups } = await parquetMetadataAsync(buffer);
    expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([20_480, 4_520]);
  } finally {
    await lake.dispose();
  }
});
