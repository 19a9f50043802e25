import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { Effects, SetQuery } from '../../etl/ports.ts';
import { runCase } from '../stages/golden-case.ts';
import { testLake } from '../stages/harness.ts';
import { duckSets } from '../support/duck-sets.ts';

/**
 * Who finds the rows that may share a key changes no verdict. Here DuckDB is asked as a set engine would be; Trino is
 * in test/scale.
 */

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));

/** Cases of each way to judge rows with one key. */
const CASES = [
  'duplicate-keys-condemn',
  'duplicate-keys-keep-first',
  'duplicate-keys-replace',
  'repeats-of-a-redelivered-history',
  'the-record-as-its-own-key',
];

/** Effects that always ask a set engine, and what it was asked. */
function asking(fromBytes = 0): { readonly asked: SetQuery[]; wrap(effects: Effects): Effects } {
  const asked: SetQuery[] = [];
  return {
    asked,
    wrap(effects) {
      const engine = duckSets(effects);
      const select = (query: SetQuery) => {
        asked.push(query);
        return engine.select(query);
      };
      return { ...effects, sets: { engine: { ...engine, select }, fromBytes } };
    },
  };
}

describe('a set engine finds what may share a key', () => {
  test.each(CASES)('%s', async (name) => {
    const sets = asking();
    const { outcome, problems } = await runCase(path.join(GOLDEN, name), sets);
    expect(problems).toEqual([]);
    for (const [file, found] of Object.entries(outcome))
      expect(found).toBe(await readFile(path.join(GOLDEN, name, 'expected', file), 'utf8'));
    expect(sets.asked.length).toBeGreaterThan(0);
  });
});

const contract = (key: string): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:test:shop.meters
domain: shop
name: meters
version: 1.0.0
status: active
team: { name: shop-data }
schema:
  - name: meters
    properties:
      - { name: place, logicalType: string, required: true, classification: internal${key} }
      - { name: level, logicalType: number, physicalType: DOUBLE, required: true, classification: internal${key} }
      - { name: read_on, logicalType: date, required: true, classification: internal }
    customProperties:
      - { property: assay.partitionColumn, value: read_on }
      - { property: assay.duplicates, value: keep-first }
`;

test('a key with a DOUBLE, of which engines do not agree, stays with DuckDB', async () => {
  const sets = asking();
  const lake = await testLake({ contracts: [contract(', primaryKey: true')], wrap: sets.wrap });
  try {
    const csv = 'place,level,read_on\na,1.5,2024-01-01\na,1.5,2024-01-01\nb,1.5,2024-01-01\n';
    const { seal } = await lake.dropAndRun({ 'a.csv': csv });
    expect(seal?.counts.silver).toBe(2);
    expect(seal?.sets).toBeUndefined();
    expect(sets.asked).toEqual([]);
  } finally {
    await lake.dispose();
  }
});
