import { locateMembers } from '../archives/locate-members.ts';
import { integerOf, type SqlRow, textOf } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import { inDialect } from '../stages/dialects.ts';
import { findLines } from './find-lines.ts';

/** A Silver row and where it came from. */
export interface TracedRecord {
  /** The row's values by the contract's columns, as text. */
  readonly values: Readonly<Record<string, string | null>>;
  readonly runId: string;
  readonly sourceFileId: string;
  readonly sourceFile: string;
  readonly sourceRowNumber: number;
  /** Physical line, and the text as it came; null where the file can't be read any more. */
  readonly line: number | null;
  readonly text: string | null;
  /** Key of the retry in which it passed; null where it passed at once. */
  readonly retriedIn: string | null;
  /** Later records, here or in other files, that hold the same again and count as its repeats: the first of them. */
  readonly repeats: readonly { readonly sourceFile: string; readonly sourceRowNumber: number }[];
}

/** Where records lie in their files, by file and number. */
type Lines = ReadonlyMap<string, Awaited<ReturnType<typeof findLines>>>;

/** The lines of traced rows, each file read in the dialect that it was read in. */
export async function linesOf(
  rows: readonly SqlRow[],
  { objects, ...search }: Parameters<typeof findLines>[2] & Pick<Effects, 'objects' | 'data'>,
): Promise<Lines> {
  const wanted = new Map<string, Set<number>>();
  const dialects = new Map<string, string>();
  for (const row of rows) {
    const file = textOf(row, 'file');
    if (typeof row.dialect === 'string') dialects.set(file, row.dialect);
    wanted.set(file, (wanted.get(file) ?? new Set<number>()).add(integerOf(row, 'n')));
  }
  const lines = new Map<string, Awaited<ReturnType<typeof findLines>>>();
  const files = [...wanted.keys()].map((key) => ({ index: 0, key }));
  for (const file of await locateMembers({ objects, data: search.data }, files)) {
    const contract = await inDialect(objects, search.contract, dialects.get(file.key));
    lines.set(file.key, await findLines(file, wanted.get(file.key) ?? new Set(), { ...search, contract }));
  }
  return lines;
}

/** A traced row as a record, with its line. */
export function tracedRecord(row: SqlRow, lines: Lines): TracedRecord {
  const [sourceFile, sourceRowNumber] = [textOf(row, 'file'), integerOf(row, 'n')];
  const place = lines.get(sourceFile)?.get(sourceRowNumber);
  return {
    values: JSON.parse(textOf(row, 'values')) as TracedRecord['values'],
    runId: textOf(row, 'run_id'),
    sourceFileId: textOf(row, 'file_id'),
    sourceFile,
    sourceRowNumber,
    line: place?.line ?? null,
    text: place?.text ?? null,
    retriedIn: typeof row.retry_file === 'string' ? row.retry_file : null,
    repeats: typeof row.repeats === 'string' ? (JSON.parse(row.repeats) as TracedRecord['repeats']) : [],
  };
}
