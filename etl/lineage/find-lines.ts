import { LongRecord } from '../csv/broken-record.ts';
import { rawText } from '../csv/decode.ts';
import { type FileToRead, type OpenOptions, openFile } from '../csv/open-file.ts';
import { passLine } from '../csv/pass-line.ts';
import { readRecord } from '../csv/record.ts';
import { linesOf, newScan } from '../csv/record-format.ts';

/** Where a record begins in its file, and its text as it came. */
export interface SourceLine {
  /** Physical line, from 1; the header is one. */
  readonly line: number;
  readonly text: string;
}

/** The lines on which these records of a source file stand, by source_row_number; none where the file can't be read. */
export async function findLines(
  file: FileToRead,
  rows: ReadonlySet<number>,
  options: OpenOptions,
): Promise<Map<number, SourceLine>> {
  const found = new Map<number, SourceLine>();
  const opened = await openFile(file, options);
  if (opened.kind !== 'open') return found;
  const { window, format } = opened;
  const scan = newScan();
  let { row, line } = opened.first;
  try {
    while (found.size < rows.size && (!window.final || window.start < window.limit)) {
      const { bytes, limit, final } = window;
      while (window.start < limit && readRecord(bytes, window.start, limit, final, format, scan)) {
        if (rows.has(row)) {
          const isLong = scan.problem === 'a record longer than the limit';
          const record = bytes.subarray(window.start, scan.end);
          const text = rawText(isLong ? new LongRecord().take(record).excerpt() : record, format.encodings);
          found.set(row, { line, text });
        }
        row++;
        line += linesOf(scan, format);
        if (scan.goesOn) await passLine(window, undefined, format);
        else window.start = scan.next;
        if (scan.goesOn) break;
      }
      if (!window.final) await window.fillMore();
    }
  } finally {
    await window.close();
  }
  return found;
}
