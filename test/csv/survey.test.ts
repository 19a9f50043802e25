import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FileToRead, Span } from '../../etl/csv/open-file.ts';
import { cutSegments } from '../../etl/csv/segments.ts';
import { joinSurveys, type SurveyedRange, surveyRange } from '../../etl/csv/survey.ts';
import type { DataStore } from '../../etl/ports.ts';
import { casesOf } from '../support/cases.ts';
import { memoryData, memoryScratch } from './memory-scratch.ts';
import { CONTRACT, csvFiles, filesByKey, readSegments } from './read-segments.ts';

const FILE = { index: 0, key: 'f0' };
const SIZES = { pieceBytes: 1 << 20, segmentBytes: 1 << 20 };

/** How a file is cut in a test. */
interface Cut {
  readonly rangeBytes: number;
  readonly markBytes: number;
  readonly pieceBytes: number;
}

/** What the workers would read of a file, each of its ranges surveyed on its own. */
async function cutIntoSpans(
  bytes: Uint8Array,
  { rangeBytes, markBytes, pieceBytes }: Cut,
  data: DataStore = memoryData(filesByKey([bytes]), pieceBytes),
  contract = CONTRACT,
): Promise<FileToRead[]> {
  const options = { contract, data, scratch: memoryScratch(), markBytes };
  const ranges: SurveyedRange[] = [];
  for (let start = 0; start < bytes.length; start += rangeBytes) {
    const range = { start, end: Math.min(bytes.length, start + rangeBytes) };
    ranges.push({ ...range, survey: await surveyRange(FILE, range, options) });
  }
  const joined = await joinSurveys(FILE, ranges, options);
  if (joined === undefined) return [FILE];
  return joined.map(({ from, to }) => {
    const first = { row: from.records + 1, line: from.lines + 1 };
    const span: Span = { start: from.byte, end: to.byte, first, records: to.records - from.records };
    return { ...FILE, span };
  });
}

describe('a file that is cut', () => {
  test('holds the same records, broken ones included, wherever it is cut', async () => {
    const cuts = fc.record({
      rangeBytes: fc.integer({ min: 1, max: 200 }),
      markBytes: fc.integer({ min: 1, max: 60 }),
      pieceBytes: fc.integer({ min: 1, max: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(csvFiles, cuts, async (bytes, cut) => {
        const whole = await readSegments([bytes], SIZES);
        expect(await readSegments([bytes], SIZES, await cutIntoSpans(bytes, cut))).toEqual(whole);
      }),
      { numRuns: Number(process.env.SURVEY_CASES ?? casesOf(120)) },
    );
  });

  test.each([
    ['below a preamble', { preambleLines: 3 }, 'Printed\n"by" x,y\n\nid,paid_on,amount,note\n', 6],
    ['without a header', { columns: ['id', 'paid_on', 'amount', 'note'] }, '', 2],
  ])('%s', async (_, csv, head, brokenAt) => {
    const contract = { ...CONTRACT, csv: { ...CONTRACT.csv, ...csv } };
    const bytes = Buffer.from(
      `${head}1,2024-01-02,3,"x\n"\n${'2,2024-01-02,3\n3,2024-01-02,3,y\n'.repeat(20)}`,
    );
    const whole = await readSegments([bytes], SIZES, [FILE], contract);
    expect(whole).toMatchObject({ outcomes: [{ records: 41 }] });
    expect(whole).toHaveProperty('broken.0.line', brokenAt + 1);
    for (const rangeBytes of [1, 9, 40, 200]) {
      const cut = { rangeBytes, markBytes: 20, pieceBytes: 16 };
      const spans = await cutIntoSpans(bytes, cut, memoryData({ f0: bytes }, 16), contract);
      expect(await readSegments([bytes], SIZES, spans, contract)).toEqual(whole);
    }
  });

  test('keeps the places of its records where only some of its spans are read', async () => {
    const bytes = Buffer.from(`id,paid_on,amount,note\n${'1,2024-01-02,3,x\n'.repeat(20)}`);
    const spans = await cutIntoSpans(bytes, { rangeBytes: 60, markBytes: 60, pieceBytes: 16 });
    const [one, , other] = spans.filter(({ span }) => (span?.records ?? 0) > 0);
    const options = { contract: CONTRACT, data: memoryData({ f0: bytes }, 16), scratch: memoryScratch() };
    const parts: unknown[] = [];
    for await (const event of cutSegments([one ?? FILE, other ?? FILE], { ...options, segmentBytes: 1e6 }))
      if (event.kind === 'segment') parts.push(...event.segment.parts.map(({ firstRow }) => firstRow));
    expect(parts).toEqual([one?.span?.first.row, other?.span?.first.row]);
  });

  test('in the middle of a quoted value that looks like records', async () => {
    const records = Array.from({ length: 40 }, (_, n) => `${n},2024-01-02,3,"a\n1,2024-01-02,9,z\n"`);
    const bytes = Buffer.from(`id,paid_on,amount,note\n${records.join('\n')}\n`);
    const whole = await readSegments([bytes], SIZES);
    expect(whole).toMatchObject({ outcomes: [{ records: 40 }], broken: [] });
    for (const rangeBytes of [7, 50, 100, 333]) {
      const spans = await cutIntoSpans(bytes, { rangeBytes, markBytes: 20, pieceBytes: 16 });
      expect(await readSegments([bytes], SIZES, spans)).toEqual(whole);
    }
  });

  test('is read little more than once, though most guesses about its ranges are wrong', async () => {
    // Every range begins in a quoted value whose lines are well-formed records themselves.
    const value = '1,2024-01-02,9,z\n'.repeat(2);
    const record = `5,2024-01-02,3,"${value}"\n`;
    const bytes = Buffer.from(`id,paid_on,amount,note\n${record.repeat(2_000)}`);
    let read = 0;
    const plain = memoryData(filesByKey([bytes]), 64);
    const counting: DataStore = {
      ...plain,
      async *stream(key, range) {
        for await (const piece of plain.stream(key, range)) {
          read += piece.length;
          yield piece;
        }
      },
    };
    const cut = { rangeBytes: 10_000, markBytes: 500, pieceBytes: 64 };
    const spans = await cutIntoSpans(bytes, cut, counting);
    expect(spans.length).toBeGreaterThan(10);
    expect(await readSegments([bytes], SIZES, spans)).toEqual(await readSegments([bytes], SIZES));
    expect(read).toBeLessThan(bytes.length * 1.5);
  });

  test.each([
    ['gzip', gzipSync(Buffer.from('id,paid_on,amount,note\n1,2024-01-02,3,x\n'))],
    ['UTF-16', Buffer.from('\ufeffid,paid_on,amount,note\n1,2024-01-02,3,x\n', 'utf16le')],
    ['an unknown header', Buffer.from('id,note\n1,x\n2,x\n3,x\n')],
    ['nothing but blank lines', Buffer.from('\n\n\n\n\n\n\n\n\n')],
  ])('is not cut where it is %s: one worker reads it whole', async (_, bytes) => {
    expect(await cutIntoSpans(bytes, { rangeBytes: 8, markBytes: 8, pieceBytes: 8 })).toEqual([FILE]);
  });
});
