import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import type { FileToRead } from '../../etl/csv/open-file.ts';
import { cutSegments, type FileOutcome } from '../../etl/csv/segments.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { memoryData, memoryScratch } from './memory-scratch.ts';

/** A contract of short records, in two encodings. */
export const CONTRACT = parseContract(
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
/** Files with a header, and what may follow one. */
export const csvFiles = fc
  .tuple(
    fc.constantFrom(
      'id,paid_on,amount,note\n',
      'note,id,paid_on,amount\r\n',
      '\ufeffid,paid_on,amount,note,,\n',
    ),
    fc.oneof(noise, rows),
  )
  .map(([header, body]) => Buffer.concat([Buffer.from(header), body]));

interface ReadSegments {
  readonly text: string;
  readonly outcomes: readonly FileOutcome[];
  readonly broken: readonly unknown[];
  readonly hasQuotedNewlines: boolean;
  readonly counted: readonly (readonly [number, number])[];
}

/** All that a reader of the segments learns: each file's records as text, broken ones, and what was said of them. */
export async function readSegments(
  files: readonly Uint8Array[],
  sizes: { readonly pieceBytes: number; readonly segmentBytes: number },
  toRead: readonly FileToRead[] = files.map((_, index) => ({ index, key: `f${index}` })),
  contract = CONTRACT,
): Promise<ReadSegments> {
  const scratch = memoryScratch();
  const data = memoryData(filesByKey(files), sizes.pieceBytes);
  const options = { contract, data, scratch, segmentBytes: sizes.segmentBytes };
  let text = Buffer.alloc(0);
  const outcomes: FileOutcome[] = [];
  const broken: unknown[] = [];
  const counted = new Map<number, number>();
  let hasQuotedNewlines = false;
  for await (const event of cutSegments(toRead, options)) {
    if (event.kind === 'file') {
      // What a file's spans hold counts together.
      const { outcome } = event;
      const before = outcomes.at(-1);
      if (before?.kind !== 'read' || outcome.kind !== 'read' || before.fileIndex !== outcome.fileIndex)
        outcomes.push(outcome);
      else outcomes.splice(-1, 1, { ...before, records: before.records + outcome.records });
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

/** Files under the keys by which they are read. */
export function filesByKey(files: readonly Uint8Array[]): Record<string, Uint8Array> {
  return Object.fromEntries(files.map((bytes, n) => [`f${n}`, bytes]));
}

function valuesWithEdgeBlanks(bytes: Uint8Array = new Uint8Array()): string[] {
  const records: string[][] = parse(Buffer.from(bytes), {
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
  });
  return records.flat().filter((value) => /^[ \t\r\n\u00a0]|[ \t\r\n\u00a0]$/.test(value));
}
