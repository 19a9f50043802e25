import { Buffer } from 'node:buffer';
import type { StructureProblem } from '../csv/record-format.ts';
import type { RecordScanner } from './scan-record.ts';

/** Why a line is no record, as reasons name it and say where. */
export interface BrokenLine {
  readonly problem: StructureProblem;
  readonly detail: string;
}

/** What the scanner found wrong with the line that begins at `start`; undefined where it is a record. */
export function brokenLine(
  bytes: Uint8Array,
  start: number,
  { problem, at, detail }: Pick<RecordScanner, 'problem' | 'at' | 'detail'>,
): BrokenLine | undefined {
  if (problem === undefined) return undefined;
  const before = Buffer.from(bytes.subarray(start, at)).toString('utf8');
  const where = `character ${[...before].length + 1}`;
  return { problem, detail: detail === '' ? where : `${detail}, ${where}` };
}
