import type { BrokenRecord } from './broken-record.ts';
import { FORGOTTEN_PROBLEM, type RecordFormat, type StructureProblem } from './record-format.ts';
import { fieldTexts, type PlainSigns } from './rewrite.ts';

/** What a record that couldn't be parsed is kept as in a protected file. */
type SealedLine = Pick<BrokenRecord, 'problem' | 'detail' | 'text' | 'lines'>;

/** The text of one whose person was forgotten. */
export const FORGOTTEN_LINE = '~1.forgotten';

/** Its fields: the envelope of its text, what is wrong, the figures of that, and how many lines it had. */
const FIELDS = 4;

/**
 * A record that can't be parsed, as a record of a protected file: never of the width of the others. Its text is an
 * envelope, or says that there is nothing left of it.
 */
export function sealedLine(
  { problem, detail = '', text, lines }: SealedLine,
  fields: number,
  plain: PlainSigns,
): string {
  const cells = [text, problem, detail, String(lines)];
  const all = fields === FIELDS ? [...cells, ''] : cells;
  return all.map((cell) => cellOf(cell, plain)).join(plain.delimiter);
}

/** A text as a cell; in quotes only where a delimiter is in it. None of ours has a quote. */
const cellOf = (text: string, { delimiter, quote }: PlainSigns): string =>
  text.includes(delimiter) ? quote + text + quote : text;

/** What such a record says, from its UTF-8; undefined for any other. */
export function readSealedLine(
  utf8: Uint8Array,
  format: RecordFormat & { readonly plain: PlainSigns },
): SealedLine | undefined {
  const [text = '', problem = '', detail = '', lines = ''] = fieldTexts(utf8, format, format.plain);
  if (!text.startsWith('~') || problem === '') return undefined;
  return {
    text,
    problem: text === FORGOTTEN_LINE ? FORGOTTEN_PROBLEM : (problem as StructureProblem),
    detail: detail === '' ? undefined : detail,
    lines: /^[1-9]\d*$/.test(lines) ? Number(lines) : 1,
  };
}
