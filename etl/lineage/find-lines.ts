import type { SourceContract } from '../contract/contract.ts';
import { rawText } from '../csv/decode.ts';
import { readHeader, recordFormat } from '../csv/header.ts';
import { matchHeader } from '../csv/layout.ts';
import { newScan, readRecord } from '../csv/record.ts';
import { openText } from '../csv/text.ts';
import { ByteWindow } from '../csv/window.ts';
import type { DataStore, Scratch } from '../ports.ts';

/** Where a record begins in its file, and its text as it came. */
export interface SourceLine {
  /** Physical line, from 1; the header is one. */
  readonly line: number;
  readonly text: string;
}

/** What finding lines needs. */
export interface LineSearch {
  readonly data: DataStore;
  readonly scratch: Scratch;
  readonly contract: SourceContract;
}

/** The lines on which these records of a source file stand, by source_row_number; none where the file can't be read. */
export async function findLines(
  key: string,
  rows: ReadonlySet<number>,
  { data, scratch, contract }: LineSearch,
): Promise<Map<number, SourceLine>> {
  const found = new Map<number, SourceLine>();
  const text = await openText(data.stream(key), scratch, 'lineage');
  if (text.kind === 'unreadable') return found;
  const window = new ByteWindow(text.bytes);
  const { csv, limits } = contract;
  const others = csv.encodings.filter((encoding) => encoding !== 'utf-8');
  const encodings = text.isMarkedUtf8 ? (['utf-8', ...others] as const) : csv.encodings;
  const head = await readHeader(window, { ...csv, encodings }, limits.maxRecordBytes);
  const matched = head.kind === 'header' ? matchHeader(head.header, contract) : undefined;
  if (head.kind !== 'header' || matched?.kind !== 'layout') return found;
  const format = recordFormat(csv, matched.layout.fields, limits.maxRecordBytes);
  const scan = newScan();
  let [row, line] = [1, head.header.firstDataLine];
  while (found.size < rows.size && (!window.final || window.start < window.limit)) {
    const { bytes, limit, final } = window;
    while (window.start < limit && readRecord(bytes, window.start, limit, final, format, scan)) {
      if (rows.has(row))
        found.set(row, { line, text: rawText(bytes.subarray(window.start, scan.end), encodings) });
      row++;
      line += 1 + scan.quotedNewlines;
      window.start = scan.next;
    }
    if (!window.final) await window.fill();
  }
  return found;
}
