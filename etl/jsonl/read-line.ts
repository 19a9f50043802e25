import type { RecordFormat, RecordScan } from '../csv/record-format.ts';

const [LF, CR] = [10, 13];

/**
 * Reads the line that begins at `start`, as `readRecord` does a record of CSV; only a line feed ends one. Whether it is
 * a record of JSON is not looked at.
 */
export function readLine(
  bytes: Uint8Array,
  start: number,
  limit: number,
  final: boolean,
  { maxRecordBytes }: RecordFormat,
  scan: RecordScan,
): boolean {
  const found = bytes.indexOf(LF, start);
  const isEnded = found >= 0 && found < limit;
  const at = isEnded ? found : limit;
  scan.problem = undefined;
  scan.quotedNewlines = 0;
  scan.next = isEnded ? at + 1 : at;
  scan.end = at > start && bytes[at - 1] === CR ? at - 1 : at;
  const isLong = scan.end - start > maxRecordBytes;
  if (isLong) scan.problem = 'a record longer than the limit';
  scan.goesOn = isLong && !isEnded && !final;
  return isEnded || final || isLong;
}
