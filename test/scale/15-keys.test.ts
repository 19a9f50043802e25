import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { trinoEngine } from '../../adapters/trino/trino-engine.ts';
import { chunkKey } from '../../etl/naming/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import type { Seal } from '../../etl/stages/documents.ts';
import { testLake } from '../stages/harness.ts';
import { contractOf, csvOf, expectedRows, NAMES, sample } from './support/samples.ts';
import { CATALOG, SCHEMA } from './support/secured-trino.ts';
import { readSession } from './support/session.ts';

/** Keys of every type on which engines agree: how many rows Trino finds is counted here by their texts, and the seal is DuckDB's. */

const { url } = readSession();

const byTrino = (effects: Effects): Effects => ({
  ...effects,
  sets: {
    engine: trinoEngine({ server: url, catalog: CATALOG, schema: SCHEMA, user: 'test' }, effects),
    fromBytes: 0,
  },
});

async function seals(
  { contract, chunkBytes }: { readonly contract: string; readonly chunkBytes: number | undefined },
  files: readonly string[],
  wrap?: (effects: Effects) => Effects,
) {
  const lake = await testLake({
    contracts: [contract],
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    ...(wrap === undefined ? {} : { wrap }),
  });
  try {
    const found: (Seal | undefined)[] = [];
    for (const [n, text] of files.entries()) found.push((await lake.dropAndRun({ [`${n}.csv`]: text })).seal);
    const { objects } = lake.lake.effects;
    const chunks = await objects.list(chunkKey('lab.samples', 'run-002', '').replace('.json', ''));
    return { found, chunks: chunks.length };
  } finally {
    await lake.dispose();
  }
}

describe('Trino finds the rows that have equal keys, and no others', () => {
  test.each([
    { duplicates: 'keep-first', keys: NAMES.filter((name) => name !== 'yes') },
    { duplicates: 'replace', keys: ['text'], chunkBytes: 2_500 },
    { duplicates: 'condemn', keys: ['moment', 'exact'], chunkBytes: 2_500 },
    { duplicates: 'keep-first', keys: ['whole'] },
    { duplicates: 'replace', keys: ['day', 'yes'] },
  ])('$duplicates by $keys', async ({ duplicates, keys, chunkBytes }) => {
    const lake = { contract: contractOf(keys, duplicates), chunkBytes };
    const rows = fc.array(sample, { minLength: 40, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(rows, rows, async (first, more) => {
        // So that some records come again whole.
        const second = [...more, ...first.slice(0, 3)];
        // One record a key stands, whichever.
        const files = [csvOf(first), csvOf(second)];
        const duck = await seals(lake, files);
        const trino = await seals(lake, files, byTrino);
        const [ours, theirs] = [duck.found[1], trino.found[1]];
        if (chunkBytes !== undefined) expect(trino.chunks).toBeGreaterThan(1);
        expect(theirs?.digest).toBe(ours?.digest);
        expect(theirs?.sets?.rows).toBe(expectedRows(keys, first, second));
      }),
      { numRuns: 1 },
    );
  });
});
