import { kindOfText } from './kinds.ts';
import { typedColumns } from './typed-columns.ts';

/** Lines above a header that are a table of their own. */
export interface TableAbove {
  readonly lines: number;
  readonly fields: number;
}

/** So many lines of three fields or more are a table, whatever they say. */
const PLENTY = 5;

/**
 * The table that stands above a header, where lines there are one: lines of one width under a line of names, lines that
 * have a number or a date in one and the same column, or many of three fields and more. Pairs of a word and a value are
 * what preambles are made of, and a table only where numbers or dates come first, or many stand under names.
 */
export function tableAbove(above: readonly (readonly string[])[]): TableAbove | undefined {
  const runs: (readonly string[])[][] = [];
  for (const fields of above) {
    const last = runs.at(-1);
    if (last?.[0]?.length === fields.length) last.push(fields);
    else runs.push([fields]);
  }
  return runs
    .map((run) => ({ run: unpadded(run), lines: run.length }))
    .filter(({ run }) => isTable(run))
    .map(({ run, lines }) => ({ lines, fields: run[0]?.length ?? 0 }))[0];
}

function isTable(run: readonly (readonly string[])[]): boolean {
  const [first = [], ...rest] = run;
  const isUnderNames = isAllText(first) && typedColumns(rest).length > 0;
  if (first.length < 2) return false;
  if (first.length === 2)
    return (run.length >= 3 && typedColumns(run).includes(0)) || (isUnderNames && rest.length >= PLENTY);
  return run.length >= PLENTY || (run.length >= 3 && (isUnderNames || typedColumns(run).length > 0));
}

const isAllText = (fields: readonly string[]): boolean => fields.every((text) => kindOfText(text) === 'text');

/** Lines without the delimiters that all of them end with, as spreadsheets fill them up. */
function unpadded(run: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = run.map((fields) => fields.findLastIndex((text) => text.trim() !== '') + 1);
  const width = Math.max(...widths);
  return run.map((fields) => fields.slice(0, width));
}
