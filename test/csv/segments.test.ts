import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { cutSegments } from '../../etl/csv/segments.ts';
import type { DataStore, Scratch } from '../../etl/ports.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { inPieces, memoryData, memoryScratch } from './memory-scratch.ts';

const CONTRACT = parseContract(
  'c.yaml',
  contractText({
    ...PAYMENTS,
    assay: { csv: { encodings: ['utf-8', 'windows-1252'] }, limits: { maxRecordBytes: 60 } },
  }),
) as SourceContract;

/** Bytes in which everything that matters to a scanner is frequent. */
const noise = fc
  .array(
    fc.constantFrom(
      'a',
      '1',
      ',',
      ',',
      ',',
      '"',
      '"',
      '\n',
      '\n',
      '\r',
      '\r\n',
      ' ',
      '\0',
      'é',
      '\u00a0',
      'xxxxxxxxxxxxxxxx',
    ),
    { maxLength: 120 },
  )
  .chain((parts) =>
    fc
      .constantFrom<BufferEncoding>('utf8', 'latin1')
      .map((encoding) => Buffer.from(parts.join(''), encoding)),
  );
const rows = fc
  .array(
    fc.constantFrom(
      '1,2024-01-02,3,x',
      '"a",b,"c\nd",e',
      'a,b,c',
      ',,,',
      '',
      'a,"b,c,d',
      ' a ,b,c,\u00a0',
      '"x""y",,,"',
    ),
    { maxLength: 30 },
  )
  .chain((lines) => fc.constantFrom('\n', '\r\n', '\r').map((end) => Buffer.from(lines.join(end) + end)));
const file = fc
  .tuple(
    fc.constantFrom(
      'id,paid_on,amount,note\n',
      'note,id,paid_on,amount\r\n',
      '\ufeffid,paid_on,amount,note,,\n',
    ),
    fc.oneof(noise, rows),
  )
  .map(([header, body]) => Buffer.concat([Buffer.from(header), body]));

/** All that a reader of the segments learns: each file's records as text, broken ones, and what was said of them. */
async function read(
  files: readonly Buffer[],
  sizes: { pieceBytes: number; segmentBytes: number },
): Promise<unknown> {
  const scratch = memoryScratch();
  const named = Object.fromEntries(files.map((bytes, n) => [`f${n}`, bytes]));
  const options = {
    contract: CONTRACT,
    data: memoryData(named, sizes.pieceBytes),
    scratch,
    segmentBytes: sizes.segmentBytes,
  };
  let text = Buffer.alloc(0);
  const outcomes: unknown[] = [];
  const broken: unknown[] = [];
  const counted = new Map<number, number>();
  let hasQuotedNewlines = false;
  for await (const event of cutSegments(
    files.map((_, index) => ({ index, key: `f${index}` })),
    options,
  )) {
    if (event.kind === 'file') {
      outcomes.push(event.outcome);
      continue;
    }
    const { segment } = event;
    text = Buffer.concat([text, scratch.files.get(segment.path) ?? Buffer.alloc(0)]);
    broken.push(...segment.broken);
    hasQuotedNewlines ||= segment.hasQuotedNewlines;
    // A segment may be said to need trimming that doesn't, but never the other way round.
    if (!segment.hasEdgeBlanks) expect(valuesWithEdgeBlanks(scratch.files.get(segment.path))).toEqual([]);
    let offset = 0;
    for (const part of segment.parts) {
      expect(part).toMatchObject({ offset, firstRow: (counted.get(part.fileIndex) ?? 0) + 1 });
      counted.set(part.fileIndex, part.firstRow + part.rows - 1);
      offset += part.rows;
    }
    expect(segment.rows).toBe(offset);
  }
  return {
    text: text.toString('utf8'),
    outcomes,
    broken,
    hasQuotedNewlines,
    counted: [...counted].filter(([, rowsOf]) => rowsOf > 0),
  };
}

function valuesWithEdgeBlanks(bytes: Uint8Array = new Uint8Array()): string[] {
  const records: string[][] = parse(Buffer.from(bytes), {
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
  });
  return records.flat().filter((value) => /^[ \t\r\n\u00a0]|[ \t\r\n\u00a0]$/.test(value));
}

describe('segments', () => {
  test('are the same records however small the pieces and the segments are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 200 }),
        async (files, pieceBytes, segmentBytes) => {
          const whole = await read(files, { pieceBytes: 1 << 20, segmentBytes: 1 << 20 });
          expect(await read(files, { pieceBytes, segmentBytes })).toEqual(whole);
        },
      ),
      { numRuns: Number(process.env.SEGMENT_CASES ?? 400) },
    );
  });

  test('a record of just the longest size is read wherever a piece of the stream ends', async () => {
    const record = '1,2024-01-02,3,"\n'.padEnd(59, 'x');
    const file = Buffer.from(`id,paid_on,amount,note\r\n${record}"\r\n2,2024-01-02,3,x\r\n`);
    const whole = await read([file], { pieceBytes: 1 << 20, segmentBytes: 1 << 20 });
    expect(whole).toMatchObject({ broken: [] });
    for (let pieceBytes = 1; pieceBytes < file.length; pieceBytes++)
      expect(await read([file], { pieceBytes, segmentBytes: 1 << 20 })).toEqual(whole);
  });

  test.each([
    ['a file that is read whole', Buffer.from('id,paid_on,amount,note\n1,2024-01-02,3,x\n')],
    ['a header without a required column', Buffer.from(`id,note\n${'1,x\n'.repeat(50)}`)],
    ['a damaged gzip file', gzipSync(Buffer.from('id,paid_on,amount,note\n'.repeat(50))).subarray(0, 40)],
    ['text that is not the UTF-16 of its mark', Buffer.from('fffe00d800d800d8'.repeat(20), 'hex')],
    ['an empty file', Buffer.alloc(0)],
  ])('%s leaves no stream open', async (_, bytes) => {
    const { data, open } = watchedData(bytes);
    const scratch = memoryScratch();
    for await (const _event of cutSegments([{ index: 0, key: 'f' }], options({ data, scratch })));
    expect(open()).toBe(0);
  });

  test('who stops in the middle of a file leaves no stream open', async () => {
    const { data, open } = watchedData(
      Buffer.from(`id,paid_on,amount,note\n${'1,2024-01-02,3,x\n'.repeat(99)}`),
    );
    for await (const { kind } of cutSegments(
      [{ index: 0, key: 'f' }],
      options({ data, scratch: memoryScratch() }),
    ))
      if (kind === 'segment') break;
    expect(open()).toBe(0);
  });

  test('a full disk leaves no stream open', async () => {
    const { data, open } = watchedData(gzipSync(Buffer.from('id,paid_on,amount,note\n'.repeat(50))));
    const scratch = memoryScratch();
    const full = async (name: string) => ({
      ...(await scratch.create(name)),
      write: () => Promise.reject(new Error('ENOSPC')),
    });
    const events = cutSegments(
      [{ index: 0, key: 'f' }],
      options({ data, scratch: { ...scratch, create: full } }),
    );
    await expect(events.next()).rejects.toThrow('ENOSPC');
    // The unzipper ends its source a moment later.
    await new Promise(setImmediate);
    expect(open()).toBe(0);
  });
});

function options({
  data,
  scratch,
}: {
  data: DataStore;
  scratch: Scratch;
}): Parameters<typeof cutSegments>[1] {
  return { contract: CONTRACT, data, scratch, segmentBytes: 100 };
}

/** A store of one file that knows how many of its streams are open. */
function watchedData(bytes: Uint8Array): { data: DataStore; open: () => number } {
  let count = 0;
  async function* watched(): AsyncGenerator<Uint8Array> {
    count++;
    try {
      yield* inPieces(bytes, 16);
    } finally {
      count--;
    }
  }
  return { data: { ...memoryData({}, 16), stream: watched }, open: () => count };
}
