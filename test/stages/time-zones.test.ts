import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ColumnText, contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, type TestLakeOptions, testLake } from './harness.ts';
import type { Row } from './read-rows.ts';

const ZONE: ColumnText = { name: 'zone' };
const READ_AT: ColumnText = {
  name: 'read_at',
  type: 'timestamp',
  required: true,
  assay: { timezone: { column: 'zone' } },
};

/** A contract of a key, a time and its zone. */
const contract = (
  dataset = 'test.records',
  { zone = ZONE, readAt = READ_AT }: { readonly zone?: ColumnText; readonly readAt?: ColumnText } = {},
): string =>
  contractText({
    dataset,
    partitionColumn: 'read_at',
    columns: [{ name: 'id', type: 'integer', key: true }, readAt, zone],
    assay: { limits: NO_LIMITS, redelivery: 'expected' },
  });

async function inLake<T>(options: TestLakeOptions, use: (lake: TestLake) => Promise<T>): Promise<T> {
  const lake = await testLake(options);
  try {
    return await use(lake);
  } finally {
    await lake.dispose();
  }
}

const timesOf = (rows: readonly Row[]): Record<string, unknown> =>
  Object.fromEntries(rows.map(({ id, read_at }) => [String(id), read_at]));
const reasonsOf = (rows: readonly Row[]): Record<string, unknown> =>
  Object.fromEntries(rows.map(({ source_row_number: n, reasons }) => [String(n), reasons]));

describe('times in zones', () => {
  test('are the same however a file is cut', async () => {
    const zones = ['Europe/London', 'America/New_York', 'Asia/Kolkata', '+02:00', '', 'Nowhere'];
    const lines = Array.from({ length: 120 }, (_, n) => {
      const time = new Date(Date.UTC(2001 + (n % 20), n % 12, 31, n % 24, n % 60)).toISOString();
      return `${n},${time.slice(0, 19)},${zones[n % zones.length]}`;
    });
    const file = `id,read_at,zone\n${lines.join('\n')}\n`;
    const digestOf = async (cut: Partial<TestLakeOptions>): Promise<string | undefined> =>
      inLake({ contracts: [contract()], ...cut }, async (lake) => {
        const { seal } = await lake.dropAndRun({ 'a.csv': file });
        expect(seal?.counts).toMatchObject({ records: 120, silver: 80, quarantined: 40 });
        return seal?.digest;
      });
    const whole = await digestOf({});
    expect(whole).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf({ segmentBytes: 2000 })).toBe(whole);
    expect(await digestOf({ chunkBytes: 3000 })).toBe(whole);
  });

  test('are read in a table of so many columns that it is staged in slices', async () => {
    const others = Array.from({ length: 420 }, (_, n) => ({ name: `c${n}` }));
    const text = contractText({
      partitionColumn: 'read_at',
      columns: [{ name: 'id', type: 'integer', key: true }, READ_AT, ...others, ZONE],
      assay: { limits: NO_LIMITS },
    });
    const names = ['id', 'read_at', ...others.map(({ name }) => name), 'zone'];
    const line = (id: number, time: string, zone: string): string =>
      [id, time, ...others.map(() => 'x'), zone].join(',');
    await inLake({ contracts: [text] }, async (lake) => {
      await lake.dropAndRun({
        'a.csv': [
          names.join(','),
          line(1, '2024-07-01T12:00:00', 'America/New_York'),
          line(2, '2024-03-31T01:30:00', 'Europe/London'),
        ].join('\n'),
      });
      expect(timesOf(await lake.rows('silver'))).toEqual({ 1: '2024-07-01T16:00:00.000000Z' });
      expect(reasonsOf(await lake.rows('quarantine'))).toMatchObject({ 2: [{ rule: 'local_time_skipped' }] });
    });
  });
});

describe('a time in a zone', () => {
  let lake: TestLake;
  beforeAll(async () => {
    const offset: ColumnText = {
      name: 'read_at',
      type: 'timestamp',
      required: true,
      more: { logicalTypeOptions: { timezone: true } },
    };
    const nepal = { ...READ_AT, more: { logicalTypeOptions: { defaultTimezone: 'Asia/Kathmandu' } } };
    lake = await testLake({
      contracts: [
        contract('test.plain'),
        contract('test.hidden', { zone: { ...ZONE, classification: 'confidential' } }),
        contract('test.nepal', { readAt: nepal }),
        contract('test.offset', { readAt: offset }),
      ],
    });
  });
  afterAll(() => lake.dispose());

  test('fails without showing a zone that is nobody’s business', async () => {
    await lake.dropAndRun({ 'a.csv': 'id,read_at,zone\n1,2024-07-01T12:00:00,Mars/Base\n' }, 'test.hidden');
    const [row] = await lake.rows('quarantine', 'test.hidden');
    expect(row?.reasons).toEqual([
      {
        rule: 'timezone',
        column: 'read_at',
        code: 'DOMAIN_ERROR',
        value: expect.stringMatching(/^digest:[0-9a-f]{16}$/),
      },
    ]);
  });

  test('has the default zone where the file has no column of zones', async () => {
    await lake.dropAndRun(
      { 'a.csv': 'id,read_at\n1,2024-07-01T12:00:00\n2,2024-07-01T12:00:00Z\n' },
      'test.nepal',
    );
    expect(timesOf(await lake.rows('silver', 'test.nepal'))).toEqual({
      1: '2024-07-01T06:15:00.000000Z',
      2: '2024-07-01T12:00:00.000000Z',
    });
  });

  test('needs an offset where ODCS’s timezone says that each has one', async () => {
    await lake.dropAndRun(
      { 'a.csv': 'id,read_at\n1,2024-07-01T12:00:00\n2,2024-07-01T12:00:00-0330\n' },
      'test.offset',
    );
    expect(timesOf(await lake.rows('silver', 'test.offset'))).toEqual({ 2: '2024-07-01T15:30:00.000000Z' });
    expect(reasonsOf(await lake.rows('quarantine', 'test.offset'))).toEqual({
      1: [{ rule: 'timezone', column: 'read_at', code: 'FORMAT_ERROR', value: '2024-07-01T12:00:00' }],
    });
  });

  test('is one value with others of the same instant, to what comes again', async () => {
    await lake.dropAndRun({ 'a.csv': 'id,read_at,zone\n1,2024-07-01T12:00:00,Europe/London\n' });
    const again = await lake.dropAndRun({
      'b.csv': 'id,read_at,zone\n1,2024-07-01T13:00:00+02:00,Europe/London\n',
    });
    expect(again.seal?.counts).toMatchObject({ records: 1, silver: 0, repeats: 1 });
  });
});
