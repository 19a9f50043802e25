import { cellText, isNumeric } from '../../etl/answers/cell.ts';
import type { Lines } from '../../etl/answers/text.ts';
import type { SqlValue } from '../../etl/engine/engine.ts';
import type { AnswerColumn, QueryAnswer } from '../../etl/query/answer.ts';
import { count, decimal, plural } from './format.ts';
import { printable } from './printable.ts';
import type { Sink } from './sink.ts';
import { shorten, table } from './table.ts';

/** Widest cell, narrowest cell that still says something. */
const MAX_CELL = 60;
const MIN_CELL = 26;

/** How a table is to look. */
export interface TableLook {
  readonly colour: boolean;
  readonly columns: number;
  readonly maxRows: number;
  /** Whether decimals have separators between thousands. */
  readonly isGrouped: boolean;
}

/** Prints an answer's text, block by block. */
export async function printText(lines: Lines, sink: Sink): Promise<void> {
  for await (const block of lines) {
    sink.line(block);
    await sink.drained();
  }
}

/** An answer as a table for people: cells cut, only the first rows, and how many there are. */
export async function printTable(answer: QueryAnswer, sink: Sink, look: TableLook): Promise<void> {
  const { columns, rowCount } = answer;
  const rows = await answer.rows(0, look.maxRows);
  const texts = rows.map((row) =>
    row.map((value, at) => tableCell(value, look.isGrouped && isDecimal(columns[at]))),
  );
  const cell = cellWidth([columns.map(({ name }) => name), ...texts], look.columns);
  if (rows.length > 0)
    sink.line(cell === undefined ? records(answer, texts) : grid(answer, texts, cell, look));
  if (rows.length < rowCount) {
    sink.line(
      `\nThe first ${count(rows.length)} of ${count(rowCount)} rows; --max-rows N shows more, --format csv all.`,
    );
  } else {
    sink.line(rowCount === 0 ? 'No rows.' : `\n${plural(rowCount, 'row')}.`);
  }
}

const isDecimal = (column: AnswerColumn | undefined): boolean => column?.type.startsWith('DECIMAL') === true;

function tableCell(value: SqlValue, isGrouped: boolean): string {
  if (value === null) return 'NULL';
  const text = printable(cellText(value));
  return isGrouped ? decimal(text) : text;
}

function grid(answer: QueryAnswer, texts: readonly string[][], cell: number, { colour }: TableLook): string {
  const shown = answer.columns.map((column) => ({
    name: column.name,
    align: isNumeric(column) ? ('right' as const) : ('left' as const),
  }));
  const lines = table(shown, texts, { indent: 0, maxCell: cell }).split('\n');
  if (!colour) return lines.join('\n');
  const [head = '', ...rest] = lines;
  return [
    `\u001b[1m${head}\u001b[22m`,
    ...rest.map((line) => line.replace(/\bNULL\b/g, '\u001b[2mNULL\u001b[22m')),
  ].join('\n');
}

/** One line a value: what a row too wide for the terminal becomes. */
function records({ columns }: QueryAnswer, texts: readonly string[][]): string {
  const width = Math.max(...columns.map(({ name }) => name.length));
  return texts
    .map((row, n) => {
      const values = columns.map(
        ({ name }, at) => `${printable(name).padEnd(width)}  ${shorten(row[at] ?? '', 200)}`,
      );
      return [`row ${n + 1}`, ...values].join('\n');
    })
    .join('\n\n');
}

/** The cell width with which the table fits the terminal; undefined where none does. */
function cellWidth(rows: readonly (readonly string[])[], available: number): number | undefined {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  for (let cell = MAX_CELL; cell >= MIN_CELL; cell--) {
    const total = widths.reduce((sum, width) => sum + Math.min(width, cell) + 2, -2);
    if (total <= available) return cell;
  }
  return undefined;
}
