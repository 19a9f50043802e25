import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Vault } from '../../etl/privacy/vault.ts';
import { expectedOf, type Standing } from '../oracle/expected.ts';
import { alike, foundSealed } from '../oracle/opened-rows.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { casesOf } from '../support/cases.ts';
import { arbitraryCase } from './arbitrary-case.ts';
import { DIALECTS, type Dialect } from './dialects.ts';
import { makeFile } from './make-file.ts';

const CASES = Number(process.env.FUZZ_CASES ?? casesOf(16));
const SEED = Number(process.env.FUZZ_SEED ?? 1);

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What the tables have of one file, and what the oracle says that a source of clear values would have. */
async function compare(
  lake: TestLake,
  vault: Vault,
  { dataset, contract }: Dialect,
  files: readonly Buffer[],
): Promise<void> {
  const readable = files.filter((bytes) => expectedOf(bytes, contract, new Map()).status === 'accepted');
  const distinct = [...new Map(readable.map((bytes) => [digestOf(bytes), bytes])).values()];
  let second = 0;
  for (const [n, bytes] of distinct.entries()) {
    // In this order, whatever the vault calls them.
    lake.setTime(new Date(Date.parse('2024-06-01T06:00:00Z') + 1000 * ++second).toISOString());
    await lake.drop({ [`f${n}.csv`]: bytes }, dataset);
  }
  if (distinct.length === 0) return;
  const ran = await lake.run(dataset);
  expect([ran.record?.why, ran.seal?.unproven]).toEqual([[], []]);
  const rows = {
    silver: await lake.rows('silver', dataset),
    quarantined: await lake.rows('quarantine', dataset),
    condemned: await lake.rows('condemned', dataset),
  };
  const names = await vault.fileNames(dataset, distinct.map(digestOf));
  const standing: Standing = new Map();
  for (const [n, bytes] of distinct.entries()) {
    const sealed = ran.seal?.files.find(({ key }) => key.includes(names[n] ?? ''));
    const mine = (of: readonly Row[]): Row[] =>
      of.filter((row) => row.source_file_id === sealed?.sourceFileId);
    const found = await foundSealed(
      {
        contract,
        silver: mine(rows.silver),
        quarantined: mine(rows.quarantined),
        condemned: mine(rows.condemned),
      },
      vault,
    );
    const { lines, records, footer, repeats } = expectedOf(bytes, contract, standing);
    const shown = `${dataset}: ${JSON.stringify(bytes.toString('latin1').slice(0, 3000))}`;
    expect([shown, alike(found)]).toEqual([shown, alike(lines)]);
    expect([shown, sealed?.records, sealed?.footer ?? 0, sealed?.repeats ?? 0]).toEqual([
      shown,
      records,
      footer,
      repeats,
    ]);
  }
}

test('the worst of files have the same verdicts and values in a protected dataset as in the clear', async () => {
  const cases = fc.sample(arbitraryCase, { seed: SEED, numRuns: CASES });
  const lake = await testLake({ contracts: DIALECTS.map(({ sealedText }) => sealedText), vault: true });
  const { vault } = lake.lake.effects;
  if (vault === undefined) throw new Error('no vault');
  try {
    for (const [index, dialect] of DIALECTS.entries()) {
      const files = cases.flatMap((one, place) => (one.dialect === index ? [makeFile(one, place)] : []));
      await compare(lake, vault, dialect, files);
    }
  } finally {
    await lake.dispose();
  }
}, 600_000);
