import { Buffer } from 'node:buffer';
import type { SourceContract } from '../contract/contract.ts';
import type { Scratch } from '../ports.ts';
import { recordFormat } from './header.ts';
import { newScan, readRecord } from './record.ts';
import type { Segment, SegmentPart } from './segments.ts';

/**
 * A segment of just some of a segment's records, by their positions (ascending), each still naming its place in
 * its source. Only the pieces that hold one are read again.
 */
export async function pickRecords(
  segment: Segment,
  positions: readonly number[],
  {
    scratch,
    contract,
    name,
  }: { readonly scratch: Scratch; readonly contract: SourceContract; readonly name: string },
): Promise<Segment> {
  const format = recordFormat(contract.csv, segment.layout.fields, Number.MAX_SAFE_INTEGER);
  const scan = newScan();
  const file = await scratch.create(name);
  const parts: SegmentPart[] = [];
  let wanted = 0;
  for (const [n, piece] of segment.pieces.entries()) {
    const next = segment.pieces[n + 1];
    if (wanted >= positions.length) break;
    if (next !== undefined && (positions[wanted] ?? 0) >= next.position) continue;
    const bytes = await readRange(scratch, segment.path, piece.byte, next?.byte);
    for (let at = 0, position = piece.position; at < bytes.length; at = scan.next, position++) {
      readRecord(bytes, at, bytes.length, true, format, scan);
      if (position !== positions[wanted]) continue;
      await file.write(bytes.subarray(at, scan.next));
      parts.push(partAt(segment.parts, position, wanted));
      wanted++;
    }
  }
  await file.close();
  return { ...segment, path: file.path, rows: parts.length, parts, broken: [], pieces: [] };
}

async function readRange(scratch: Scratch, path: string, start: number, end?: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of scratch.read(path, { start, ...(end === undefined ? {} : { end }) }))
    pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The place in its source of the record at a position, as a part of its own. */
function partAt(parts: readonly SegmentPart[], position: number, offset: number): SegmentPart {
  const part = parts.findLast((candidate) => candidate.offset <= position);
  if (part === undefined) throw new RangeError(`the segment has no record ${position}`);
  return {
    fileIndex: part.fileIndex,
    offset,
    firstRow: part.firstRow + position - part.offset,
    rows: 1,
    last: false,
  };
}

/** The positions in a segment of some records of its files, ascending. */
export function positionsOf(segment: Segment, rowsOf: (fileIndex: number) => readonly number[]): number[] {
  return segment.parts.flatMap((part) =>
    rowsOf(part.fileIndex)
      .filter((row) => row >= part.firstRow && row < part.firstRow + part.rows)
      .map((row) => part.offset + row - part.firstRow)
      .sort((a, b) => a - b),
  );
}
