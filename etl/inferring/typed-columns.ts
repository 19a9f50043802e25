import { normaliseHeader } from '../contract/header.ts';
import { kindOfText } from './kinds.ts';
import { NULL_SPELLINGS } from './profile-column.ts';

/** Records that are looked at. */
const LEAD = 60;

/**
 * The columns that hold nothing but numbers and dates, where they hold something. Records that may be header lines, as
 * where files were joined, are not looked at.
 */
export function typedColumns(sample: readonly (readonly string[])[]): number[] {
  const records = sample.slice(0, LEAD).filter((fields) => !isNames(fields));
  return [...(records[0] ?? []).keys()].filter((n) => {
    const kinds = records.flatMap((fields) => kindOfText(fields[n] ?? '') ?? []);
    return kinds.length > 0 && kinds.every((kind) => kind === 'number' || kind === 'date');
  });
}

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N} _().%#&/-]*$/u;

/** Whether every field may be a column's name, and no two are the same. */
export function isNames(fields: readonly string[]): boolean {
  const names = fields.map((text) => text.trim());
  const areNames = names.every(
    (name) => NAME.test(name) && kindOfText(name) === 'text' && !NULL_SPELLINGS.includes(name),
  );
  return areNames && new Set(names.map(normaliseHeader)).size === names.length;
}

/**
 * Where a header line stands among records that have none above them: a line of names where the records have numbers or
 * dates, in two columns at least, or in one where the line comes twice. Undefined where there is none.
 */
export function headerAmong(records: readonly (readonly string[])[]): number | undefined {
  const typed = typedColumns(records).length;
  if (typed === 0) return undefined;
  const [width, lines] = [records[0]?.length, new Map<string, number>()];
  for (const [n, fields] of records.entries()) {
    if (fields.length !== width || !isNames(fields)) continue;
    const line = fields.map(normaliseHeader).join('\n');
    const before = lines.get(line);
    if (typed >= 2) return n;
    if (before !== undefined) return before;
    lines.set(line, n);
  }
  return undefined;
}
