import { cellText, isNumeric } from '../../../etl/answers/cell.ts';
import type { SqlValue } from '../../../etl/engine/engine.ts';
import type { AnswerColumn } from '../../../etl/query/answer.ts';
import { isInteger } from '../../../etl/query/json-value.ts';
import { Table } from './facts.tsx';
import { grouped } from './text.tsx';

/** Longer texts are cut; the whole stands on hover. */
const MOST_CHARACTERS = 200;

/** Rows of an answer: numbers as they are, NULL apart from an empty text. Integers may be ids, and are not grouped. */
export function AnswerTable({
  columns,
  rows,
}: {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
}) {
  return (
    <div class="answer">
      <Table
        caption="Rows of the answer"
        columns={columns.map((column) => ({ name: column.name, isNumeric: isNumeric(column) }))}
        rows={rows.map((row) =>
          columns.map((column, at) => <Cell value={row[at] ?? null} column={column} />),
        )}
      />
    </div>
  );
}

/** A value as JSON has it, shown as the same value of an answer is. */
export function JsonCell({ value, column }: { readonly value: unknown; readonly column: AnswerColumn }) {
  const plain =
    typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as SqlValue | undefined);
  return <Cell value={plain ?? null} column={column} />;
}

/** A value of an answer. A figure has its thousands grouped, as other numbers with decimals have. */
export function Cell({
  value,
  column,
  isFigure = false,
}: {
  readonly value: SqlValue;
  readonly column: AnswerColumn;
  readonly isFigure?: boolean;
}) {
  if (value === null) return <span class="soft">NULL</span>;
  const text = cellText(value);
  if (isNumeric(column)) return <span>{isFigure || !isInteger(column.type) ? grouped(text) : text}</span>;
  return text.length <= MOST_CHARACTERS ? (
    <span>{text}</span>
  ) : (
    <span title={text.slice(0, 5000)}>{text.slice(0, MOST_CHARACTERS)}…</span>
  );
}
