import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { cutSegments } from '../../etl/csv/segments.ts';
import type { DataStore, Scratch } from '../../etl/ports.ts';
import { casesOf } from '../support/cases.ts';
import { inPieces, memoryData, memoryScratch } from './memory-scratch.ts';
import { CONTRACT, csvFiles, readSegments } from './read-segments.ts';

describe('segments', () => {
  test('are the same records however small the pieces and the segments are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(csvFiles, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 200 }),
        async (files, pieceBytes, segmentBytes) => {
          const whole = await readSegments(files, { pieceBytes: 1 << 20, segmentBytes: 1 << 20 });
          expect(await readSegments(files, { pieceBytes, segmentBytes })).toEqual(whole);
        },
      ),
      { numRuns: Number(process.env.SEGMENT_CASES ?? casesOf(150)) },
    );
  });

  test('are the same records whatever files are read before', async () => {
    const sizes = { pieceBytes: 16, segmentBytes: 1 << 20 };
    // A mark says of a file that it is not in this encoding.
    const contract: SourceContract = {
      ...CONTRACT,
      csv: { ...CONTRACT.csv, encodings: ['windows-1252'] },
    };
    const headers = [
      'id,paid_on,amount,note',
      'note,id,paid_on,amount',
      '"id","paid_on",amount,"no\nte"',
      'id,amount',
    ];
    const anyFile = fc
      .tuple(
        fc.constantFrom('', '\ufeff', '\n'),
        fc.constantFrom(...headers),
        fc.constantFrom('\n', '\r\n', '\r', ''),
        fc.constantFrom('1,2024-01-02,3,x\n', '1,2024-01-02,3,x\r\n', 'x,1,2024-01-02,\n', ''),
        fc.constantFrom<BufferEncoding>('utf8', 'latin1'),
      )
      .map(([mark, header, end, record, encoding]) =>
        Buffer.from(`${mark}${header}${end}${record}é,${record}`, encoding),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(anyFile, { minLength: 10, maxLength: 30 }), async (files) => {
        const toRead = files.map((_, index) => ({ index, key: `f${index}` }));
        const together = await readSegments(files, sizes, toRead, contract);
        const apart = [];
        for (const file of toRead) apart.push(await readSegments(files, sizes, [file], contract));
        expect({ text: together.text, outcomes: together.outcomes, broken: together.broken }).toEqual({
          text: apart.map(({ text }) => text).join(''),
          outcomes: apart.flatMap(({ outcomes }) => outcomes),
          broken: apart.flatMap(({ broken }) => broken),
        });
      }),
      { numRuns: casesOf(60) },
    );
  });

  test('a record of just the longest size is read wherever a piece of the stream ends', async () => {
    const record = '1,2024-01-02,3,"\n'.padEnd(59, 'x');
    const file = Buffer.from(`id,paid_on,amount,note\r\n${record}"\r\n2,2024-01-02,3,x\r\n`);
    const whole = await readSegments([file], { pieceBytes: 1 << 20, segmentBytes: 1 << 20 });
    expect(whole).toMatchObject({ broken: [] });
    for (let pieceBytes = 1; pieceBytes < file.length; pieceBytes++)
      expect(await readSegments([file], { pieceBytes, segmentBytes: 1 << 20 })).toEqual(whole);
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
