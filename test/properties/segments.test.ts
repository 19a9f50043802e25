import { describe, expect, test } from '@jest/globals';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import { withoutRun } from './same-rows.ts';

const CONTRACT = contractText({
  ...PAYMENTS,
  assay: { ...PAYMENTS.assay, limits: { maxQuarantineRate: 1, maxCondemned: 1_000_000, breakerShare: 1 } },
});
const ROWS = 60_000;

/** A file of several pieces: every 7th record has a bad date, every 501st a stray quote, every 1,000th the key of the first. */
function largeFile(): string {
  const lines = ['id,paid_on,amount,note'];
  for (let n = 0; n < ROWS; n++) {
    const id = n % 1000 === 999 ? 'k0' : `k${n}`;
    const day = n % 7 === 6 ? 'soon' : `2024-${String(1 + (n % 12)).padStart(2, '0')}-01`;
    const note = n % 501 === 500 ? 'a " stray one' : `note ${n} ${'x'.repeat(n % 60)}`;
    lines.push(`${id},${day},${n}.50,${note}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What one run publishes, refined in segments of a size. */
async function publish(segmentBytes: number): Promise<unknown> {
  const lake = await testLake({ contracts: [CONTRACT], segmentBytes });
  try {
    const { record, seal } = await lake.dropAndRun({ 'a.csv': largeFile() });
    expect(record?.why).toEqual([]);
    return {
      digest: seal?.digest,
      counts: record?.counts,
      reasons: record?.reasons,
      silver: withoutRun(await lake.rows('silver')),
    };
  } finally {
    await lake.dispose();
  }
}

describe('the size of segments', () => {
  test('changes nothing: neither a record nor a reason nor the digest', async () => {
    const whole = await publish(1_000_000_000);
    expect(whole).toMatchObject({ counts: { records: ROWS }, reasons: { DUPLICATE: expect.any(Number) } });
    // Several pieces, so several segments on both lanes, with duplicates across them.
    expect(await publish(1)).toEqual(whole);
  });
});
