import type { ContractColumn, SourceContract } from './contract.ts';
import { ambiguousPatterns } from './date-pattern.ts';
import { ISO_8601 } from './date-sql.ts';

/** How a sheet's cells give days and times, whatever they show; a day that a column of times holds begins at midnight. */
const DAYS = ['yyyy-MM-dd', "yyyy-MM-dd'T00:00:00'"];
const TIMES = ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSS", 'yyyy-MM-dd'];

/** A contract whose columns of days and times also read those of a sheet's cells. */
export function withCellDates(contract: SourceContract): SourceContract {
  return { ...contract, columns: contract.columns.map(withCells) };
}

function withCells(column: ContractColumn): ContractColumn {
  const { formats, type } = column;
  if (type.kind === 'date') return { ...column, formats: joined(formats, DAYS) };
  if (type.kind !== 'timestamptz') return column;
  return { ...column, formats: formats.length === 0 ? [ISO_8601, 'yyyy-MM-dd'] : joined(formats, TIMES) };
}

const joined = (formats: readonly string[], more: readonly string[]): string[] => [
  ...formats,
  ...more.filter((one) => !formats.includes(one) && ambiguousPatterns([...formats, one]) === undefined),
];

/** A column and format that could read a cell's day as another day; undefined where there is none. */
export function misreadDates({ columns }: SourceContract): { name: string; format: string } | undefined {
  for (const { name, formats, type } of columns) {
    if (type.kind !== 'date' && type.kind !== 'timestamptz') continue;
    const cells = type.kind === 'date' ? DAYS : TIMES;
    const format = formats.find((own) =>
      cells.some((one) => own !== one && ambiguousPatterns([own, one]) !== undefined),
    );
    if (format !== undefined) return { name, format };
  }
  return undefined;
}
