import { describe, expect, test } from '@jest/globals';
import { estimate } from '../../etl/estimating/estimate.ts';
import { pastWorkload } from '../../etl/estimating/history.ts';
import { LIST_PRICES, readPrices } from '../../etl/estimating/prices.ts';
import { MEASURED, type Platform, type Workload } from '../../etl/estimating/workload.ts';
import { SIZES } from '../../lib/workflow/sizes.ts';

const GB = 1e9;
const PLATFORM: Platform = { sizes: SIZES, concurrency: 40, chunkBytes: 512 * 1024 ** 2 };
const WORKLOAD: Workload = {
  bytesPerDay: 10 * GB,
  filesPerDay: 100,
  runsPerDay: 10,
  monthsPerRun: 1,
  goldTables: 0,
  runsBefore: 10,
  scannedBytesPerDay: 1e12,
  silverPerByte: 0.5,
  goldPerByte: 0,
};
const of = (workload: Partial<Workload> = {}, platform: Partial<Platform> = {}, prices = LIST_PRICES) =>
  estimate({ ...WORKLOAD, ...workload }, { platform: { ...PLATFORM, ...platform }, prices });
const line = (found: ReturnType<typeof of>, what: string) =>
  found.lines.find((one) => one.what.startsWith(what));

describe('an estimate', () => {
  test('cuts a run into chunks, each with a function, as many at once as the Map allows', () => {
    const found = of({ bytesPerDay: 1000 * GB, runsPerDay: 10 });
    expect(found.run).toMatchObject({ files: 10, chunks: 190, ranges: 190, silverFiles: 190 * 13 });
    const refine = found.stages.find(({ stage }) => stage === 'refine');
    expect(refine?.calls).toBe(190);
    expect(refine?.wallSeconds).toBeCloseTo(((refine?.functionSeconds ?? 0) / 190) * 5, 6);
    const narrow = of({ bytesPerDay: 1000 * GB, runsPerDay: 10 }, { concurrency: 10 });
    expect(narrow.runSeconds).toBeGreaterThan(found.runSeconds);
    expect(narrow.dollarsPerDay).toBeCloseTo(found.dollarsPerDay, 9);
  });

  test('costs what its lines cost, each quantity at its price', () => {
    const found = of();
    expect(found.dollarsPerDay).toBeCloseTo(
      found.lines.reduce((sum, { dollars }) => sum + dollars, 0),
      9,
    );
    expect(line(found, 'Athena')).toMatchObject({ quantity: 1, dollars: 5 });
    expect(line(found, 'S3 storage')).toMatchObject({ quantity: 15, dollars: 15 * 0.023 });
    expect(line(found, 'Step Functions')?.quantity).toBe(10 * (14 + 1 + 2 * 2));
    const writes = line(found, 'S3 writes')?.quantity ?? 0;
    expect(line(found, 'S3 writes')?.dollars).toBeCloseTo(writes * 0.000005, 9);
  });

  test('is of CPU seconds where bytes are many: refine of 1 GB on two CPUs', () => {
    const [refine] = of(
      { bytesPerDay: 1e9, runsPerDay: 1, filesPerDay: 1 },
      { chunkBytes: 2e9 },
    ).stages.filter(({ stage }) => stage === 'refine');
    const { requests, wallSeconds = 0 } = refine ?? {};
    const work = MEASURED.refineCpuSecondsPerGb / (3538 / 1769);
    expect(wallSeconds).toBeCloseTo(
      MEASURED.startSeconds + (requests?.waits ?? 0) * MEASURED.requestSeconds + work,
      6,
    );
  });

  test('says where a function has too little disk or time', () => {
    expect(of().overruns).toEqual([]);
    // Of a run of several chunks seal has no more of Silver on its disk than a chunk, and the hashes of its keys.
    const small = of({ bytesPerDay: 1000 * GB, runsPerDay: 24 });
    expect(small.overruns).toEqual([]);
    const sealBytes = small.stages.find(({ stage }) => stage === 'seal')?.diskBytes;
    expect(sealBytes).toBeCloseTo(512 * 1024 ** 2 + (1000 / 24) * 0.091 * GB, -3);
    const found = of({ bytesPerDay: 1000 * GB, runsPerDay: 8, goldTables: 1, goldPerByte: 0.2 });
    expect(found.overruns.map(({ stage, limit }) => `${stage} ${limit}`)).toEqual([
      'seal disk',
      'refresh-gold disk',
      'refresh-gold time',
    ]);
  });

  test('pays Athena to compare the keys of runs past what is said, and of no smaller ones', () => {
    const volume = { bytesPerDay: 10_000 * GB, runsPerDay: 24 };
    const [alone, asked] = [of(volume), of(volume, { setsFromBytes: 16 * GB })];
    expect(alone.overruns.map(({ limit }) => limit)).toContain('disk');
    expect(asked.overruns.map(({ limit }) => limit)).not.toContain('disk');
    expect(line(alone, 'Athena, comparing')?.quantity).toBe(0);
    expect(line(asked, 'Athena, comparing')).toMatchObject({ quantity: 10, dollars: 50 });
    const small = of({ ...volume, runsPerDay: 480 }, { setsFromBytes: 16 * GB });
    expect(line(small, 'Athena, comparing')?.quantity).toBe(0);
  });

  test('says how long the runs of a day take, which follow one another', () => {
    const often = of({ runsPerDay: 5000 });
    expect(often.daySeconds).toBeCloseTo(often.runSeconds * 5000, 6);
  });
});

describe('prices', () => {
  test('are taken from a file where it has them', () => {
    const prices = readPrices('{"athenaTb": 6, "region": "eu-west-2"}');
    expect(prices).toEqual({ ...LIST_PRICES, athenaTb: 6, region: 'eu-west-2' });
    expect(line(of({}, {}, prices), 'Athena')?.dollars).toBe(6);
  });

  test.each(['nonsense', '[]', '{"athena": 5}', '{"athenaTb": -1}', '{"athenaTb": "5"}'])(
    '%s is refused',
    (text) => {
      expect(() => readPrices(text)).toThrow(
        expect.objectContaining({ name: 'ConfigError', code: 'PRICES' }),
      );
    },
  );
});

describe('the past', () => {
  const run = (startedAt: string, sizes: readonly number[], status: 'promoted' | 'held' = 'promoted') => ({
    runId: startedAt,
    dataset: 'shop.sales',
    status,
    counts: { records: 10, silver: 10, quarantined: 0, condemned: 0, blank: 0 },
    reasons: {},
    controlTotals: [],
    files: sizes.map((sizeBytes, n) => ({
      key: `f${n}`,
      sourceFileId: '',
      sizeBytes,
      records: 10,
      silver: 10,
      quarantined: 0,
      condemned: 0,
      blank: 0,
      status: 'accepted' as const,
    })),
    snapshotId: 1,
    sealDigest: '',
    contractVersion: '1.0.0',
    why: [],
    startedAt,
    endedAt: startedAt,
    durationMs: 0,
  });

  test('is the average of a day from the first promoted run to the last', () => {
    const records = [
      run('2024-05-01T23:00:00.000Z', [100, 200]),
      run('2024-05-04T01:00:00.000Z', [300]),
      run('2024-05-09T01:00:00.000Z', [999], 'held'),
    ];
    const files = [
      { key: 'silver/shop/sales/run_id=a/1.parquet', sizeBytes: 100, month: 1 },
      { key: 'silver/shop/sales/run_id=a/2.parquet', sizeBytes: 100, month: 2 },
      { key: 'silver/shop/sales/run_id=b/1.parquet', sizeBytes: 100, month: 1 },
      { key: 'silver/shop/sales/run_id=b/2.parquet', sizeBytes: 0, month: 2 },
    ];
    expect(pastWorkload(records, files)).toEqual({
      days: 4,
      records: 20,
      bytesPerDay: 150,
      filesPerDay: 0.75,
      runsPerDay: 0.5,
      monthsPerRun: 2,
      runsBefore: 2,
      silverPerByte: 0.5,
    });
  });

  test('is none before the first promoted run', () => {
    expect(pastWorkload([], [])).toBeUndefined();
  });
});
