import Table from 'cli-table3';
import { printable } from './printable.ts';

/** A column of a printed table. */
export interface PrintedColumn {
  readonly name: string;
  readonly align?: 'left' | 'right';
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/** Rows under their column names, indented; nothing but spaces between. Cells are made printable. */
export function table(
  columns: readonly PrintedColumn[],
  rows: readonly (readonly string[])[],
  { indent = 2, maxCell = 60 }: { indent?: number; maxCell?: number } = {},
): string {
  const grid = new Table({
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const cut = (text: string): string => shorten(printable(text), maxCell);
  grid.push(columns.map(({ name }) => cut(name)));
  for (const row of rows) grid.push(row.map(cut));
  const lines = grid.toString().split('\n');
  return lines.map((line) => `${' '.repeat(indent)}${line}`.trimEnd()).join('\n');
}

/** `abcdef` → `abc…`: at most `length` characters. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
