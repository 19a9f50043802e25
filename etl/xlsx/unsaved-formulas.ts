import type { Layout } from '../csv/layout.ts';
import type { UnsavedFormulas } from './sheet-rows.ts';

/** The formulas without a value of a sheet, by their columns, from 0. */
export interface SheetFormulas {
  readonly sheet: string;
  readonly columns: ReadonlyMap<number, UnsavedFormulas>;
}

/** Formulas without a value, and what to do about them. */
export function unsavedInWords({
  sheet,
  columns,
}: {
  readonly sheet: string;
  readonly columns: readonly UnsavedFormulas[];
}): string {
  const cells = columns.reduce((sum, one) => sum + one.cells, 0);
  const [first] = columns.toSorted((a, b) => a.firstRow - b.firstRow);
  const are = cells === 1 ? 'cell is a formula' : 'cells are formulas';
  return `${cells} ${are} without a saved value in its sheet '${sheet}', the first is ${first?.first}: open it once in Excel or LibreOffice and save it, or write values`;
}

/**
 * Why a sheet's records can't be read as they are meant: formulas without a value stand in columns of the contract, or where
 * the header should name such a column. Undefined where they stand in others alone.
 */
export function refusedFormulas(
  { sheet, columns }: SheetFormulas,
  layout: Layout,
  firstDataRow: number,
): string | undefined {
  const fields = new Set(layout.columns);
  const isBelow = ([field, { lastRow }]: [number, UnsavedFormulas]): boolean =>
    fields.has(field) && lastRow >= firstDataRow;
  const unnamed = new Set(
    layout.unknown.filter(({ name }) => name.startsWith('#')).map(({ field }) => field),
  );
  const mayName = ([field, { firstRow }]: [number, UnsavedFormulas]): boolean =>
    fields.has(undefined) && unnamed.has(field) && firstRow < firstDataRow;
  const found = [...columns].filter((one) => isBelow(one) || mayName(one));
  return found.length === 0 ? undefined : unsavedInWords({ sheet, columns: found.map(([, one]) => one) });
}
