import { describe, expect, test } from '@jest/globals';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type Files, type TestLake, type TestLakeOptions, testLake } from '../stages/harness.ts';
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

type Sizes = Pick<TestLakeOptions, 'segmentBytes' | 'chunkBytes'>;
type Published = Readonly<Record<string, unknown>>;

/** What one run publishes, refined in segments of a size and chunks of another. */
async function publish(sizes: Sizes, files: Files = { 'a.csv': largeFile() }): Promise<Published> {
  const lake = await testLake({ contracts: [CONTRACT], ...sizes });
  try {
    const { record, seal } = await lake.dropAndRun(files);
    expect(record?.why).toEqual([]);
    return {
      digest: seal?.digest,
      counts: record?.counts,
      reasons: record?.reasons,
      controlTotals: record?.controlTotals,
      silver: withoutRun(await lake.rows('silver')),
      quarantine: withoutRun(await lake.rows('quarantine')),
      suspectFiles: await suspectFiles(lake),
    };
  } finally {
    await lake.dispose();
  }
}

/** The Silver files of the records whose key may stand twice. */
async function suspectFiles({ lake }: TestLake): Promise<string[]> {
  const objects = await lake.effects.objects.list('silver/');
  return objects.flatMap(({ key }) => /month=\d+\/part-.*apart.*\.parquet$/.exec(key)?.[0] ?? []).sort();
}

describe('the size of segments', () => {
  test('changes nothing: neither a record nor a reason nor the digest', async () => {
    const whole = await publish({ segmentBytes: 1_000_000_000 });
    expect(whole).toMatchObject({ counts: { records: ROWS }, reasons: { DUPLICATE: expect.any(Number) } });
    // Several pieces, so several segments on both lanes, with duplicates across them.
    expect(await publish({ segmentBytes: 1 })).toEqual(whole);
  });
});

describe('the size of chunks', () => {
  /** Values of several lines, some of which look like records; broken ones; every 50th key again. */
  const smallFile = `id,paid_on,amount,note\r\n${Array.from({ length: 150 }, (_, n) => {
    const note =
      n % 9 === 4 ? `"line\n${n},2024-01-01,1.00,x\n"` : n % 31 === 30 ? 'a " stray one' : `né ${n}`;
    return `k${n % 50 === 49 ? 0 : n},2024-0${1 + (n % 9)}-01,${n}.25,${note}`;
  }).join('\r\n')}`;

  test.each([[1024], [2000]])(
    'of %i bytes changes nothing: neither a record nor a reason, a figure or the digest',
    async (chunkBytes) => {
      const files = {
        'a.csv': smallFile,
        'b.csv': 'id,paid_on,amount,note\nb1,2024-01-02,1.00,x\n',
        'c.csv': '',
      };
      const { suspectFiles: _, ...whole } = await publish({}, files);
      expect(whole).toMatchObject({
        counts: { records: 151 },
        reasons: { STRUCTURE_ERROR: 4, DUPLICATE: 3 },
      });
      const { suspectFiles: __, ...cut } = await publish({ chunkBytes }, files);
      expect(cut).toEqual(whole);
    },
  );

  test('nothing changes in a file of many records either, with duplicates across its ranges', async () => {
    const { suspectFiles: _, ...whole } = await publish({});
    const { suspectFiles: __, ...cut } = await publish({ chunkBytes: 700_000 });
    expect(cut).toEqual(whole);
  });
});
